import assert from "node:assert/strict";
import type { Attempt } from "../../../../src/core/challenge.ts";
import { Failure } from "../../../../src/core/failure.ts";
import { refused, refusedBusy, refusedUntilChanged } from "../../../../src/core/verdict.ts";
import type { FirstFactorResult } from "../../../../src/login/first_factor.ts";
import type { PamRequest } from "../../../../src/pam/helper/protocol.ts";
import type { PamResult } from "../../../../src/pam/pam_result.ts";
import { Status } from "../../../../src/pam/status.ts";
import { HelperFactor } from "../../../../src/serve/helpers/helper_factor.ts";
import { HelpersBusy } from "../../../../src/serve/helpers/turns.ts";
import { Redacted } from "../../../../src/text/redacted.ts";

const ATTEMPT: Attempt = { id: "1", loginName: "Alice", commonName: "x", address: "192.0.2.1" };
const PASSWORD = new Redacted(new TextEncoder().encode("pw"));

/** A factor whose helpers answer so. */
function factorOf(answer: PamResult | Error, uid: number | null = null) {
  const asked: PamRequest[] = [];
  const askPam = (request: PamRequest) => {
    asked.push(request);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({
      result: answer,
      uid,
    });
  };
  const factor = new HelperFactor({
    turn: () =>
      answer instanceof HelpersBusy
        ? Promise.reject(answer)
        : Promise.resolve({ ask: askPam, [Symbol.dispose]: () => {} }),
    askPam,
    accountName: (username) => Promise.resolve(username.toLowerCase()),
  }, "vpn");
  return { factor, asked };
}

/** Has a password checked, in a turn. */
async function authenticate(factor: HelperFactor): Promise<FirstFactorResult> {
  const turn = await factor.turn();
  if ("outcome" in turn) return turn;
  using inTurn = turn;
  return await inTurn.authenticate(ATTEMPT, PASSWORD);
}

Deno.test("HelperFactor has helpers asked, and passes on what PAM says", async () => {
  const { factor, asked } = factorOf({ outcome: "passed", username: "alice" });
  assert(factor.provesPassword);
  const passed = { outcome: "passed", username: "alice" };
  assert.deepEqual(await authenticate(factor), passed);
  assert.deepEqual(await factor.checkAccount(ATTEMPT), passed);
  assert.equal(await factor.accountName("ALICE"), "alice");
  assert.deepEqual(asked, [
    { kind: "authenticate", username: "Alice", rhost: "192.0.2.1", password: PASSWORD },
    { kind: "check_account", username: "Alice", rhost: "192.0.2.1" },
  ]);
});

Deno.test("HelperFactor gives PAM's refusals as reasons, with advice that fits helpers", async () => {
  const denied: PamResult = {
    outcome: "denied",
    call: "pam_authenticate",
    status: Status.AUTH_ERR,
  };
  assert.deepEqual(
    await authenticate(factorOf(denied).factor),
    refused("wrong_password", "PAM service vpn: PAM_AUTH_ERR"),
  );
  assert.deepEqual(
    await authenticate(factorOf(denied, 65534).factor),
    refused(
      "wrong_password",
      "PAM service vpn: PAM_AUTH_ERR; as uid 65534, PAM may not be able to check any password: " +
        "remove User= from the unit openvpn-totp-pam@.service, or set totpPrimaryAuth external",
    ),
  );
  const expired: PamResult = {
    outcome: "denied",
    call: "pam_acct_mgmt",
    status: Status.NEW_AUTHTOK_REQD,
  };
  const refusal = refused("account_refused", "PAM service vpn: PAM_NEW_AUTHTOK_REQD");
  const { factor } = factorOf(expired);
  assert.deepEqual(await authenticate(factor), refusedUntilChanged(refusal));
  assert.deepEqual(await factor.checkAccount(ATTEMPT), refusal);
});

Deno.test("HelperFactor refuses where there is no answer, and says why to the log alone", async () => {
  const lost = factorOf(new Failure("helper_lost", "the PAM helper ended")).factor;
  const refusal = refused("pam_error", "the PAM helper ended");
  assert.deepEqual(await authenticate(lost), refusal);
  assert.deepEqual(await lost.checkAccount(ATTEMPT), refusal);
  const untrusted = factorOf(new Failure("untrusted_path", "not to be trusted")).factor;
  assert.deepEqual(
    await authenticate(untrusted),
    refused("pam_error", "not to be trusted"),
  );
});

Deno.test("HelperFactor asks clients to come back while all helpers are busy", async () => {
  const { factor } = factorOf(new HelpersBusy("all 2 PAM helpers are busy"));
  const verdict = await authenticate(factor);
  assert.deepEqual(verdict, refusedBusy("all 2 PAM helpers are busy"));
  assert.deepEqual(verdict, {
    outcome: "refused",
    reason: "busy",
    detail: "all 2 PAM helpers are busy",
    told: "TEMP[backoff 15,advance no]: Too many logins at once, try again",
  });
});

Deno.test("HelperFactor hides no fault of the program", async () => {
  const { factor } = factorOf(new TypeError("a fault"));
  await assert.rejects(authenticate(factor), /^TypeError: a fault$/);
});
