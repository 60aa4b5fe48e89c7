import assert from "node:assert/strict";
import type { PasswordForm } from "../../../src/core/password_form.ts";
import { hmacKey, hotp, timeStepAt } from "../../../src/core/totp.ts";
import { refused } from "../../../src/core/verdict.ts";
import { LoginService } from "../../../src/login/login_service.ts";
import { openSecret } from "../../../src/secrets/sealed_secret.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { fakeFactor, TEST_RULES } from "../../lab/login_parts.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { ANY_KEYS, given, sealedEnrolment, TEST_KEY } from "../../lab/secrets.ts";

const NOW = 1_700_000_000_000;
const SECRET = new Redacted(new Uint8Array(20).fill(7));
const CLIENT = { knowsCrtext: true, hasSessionTokens: true, connectedFrom: null };
const PASSWORD = "right";

const attempt = (id: string, client = CLIENT) => ({
  id,
  loginName: "alice",
  commonName: null,
  address: "192.0.2.1",
  client,
});
const plain = (password: string): PasswordForm => ({
  form: "plain",
  password: new Redacted(new TextEncoder().encode(password)),
});

async function codeOf(digits: number): Promise<string> {
  return await hotp(await hmacKey(SECRET), timeStepAt(NOW), digits);
}

/** One service for all logins of a test, and alice, whose codes have this many digits. */
async function withService(
  digits: number,
  test: (
    service: LoginService,
    steps: () => Promise<string[]>,
  ) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, { create: true, busyTimeoutMs: 0 });
  const enrolments = new SqliteEnrolmentStore(database);
  const enrolment = await sealedEnrolment("alice", SECRET.reveal(), NOW);
  const parameters = { ...enrolment.parameters, digits };
  await enrolments.enrol([{ ...enrolment, parameters }], { mayReplace: () => false, ...ANY_KEYS });
  const service = new LoginService({
    store: new SqliteLoginStore(database),
    firstFactor: fakeFactor(
      ({ loginName }, password) =>
        password === PASSWORD
          ? { outcome: "passed", username: loginName }
          : refused("wrong_password"),
      ({ loginName }) => ({ outcome: "passed", username: loginName }),
    ),
    secrets: {
      open: async ({ secret, username }) => (await openSecret(secret, username, TEST_KEY))!,
      markOfPassword: () => Promise.resolve(null),
    },
    rules: { ...TEST_RULES, challengeMethods: ["append", "crtext", "dynamic"] },
    now: () => NOW,
    sessionBegins: { before: 0, after: 25_000 },
    newStateId: () => "state",
    rest() {},
  });
  await test(service, async () => {
    const pages = await Array.fromAsync(enrolments.decisions({}));
    return pages.flat().map(({ step, outcome, by, reason }) =>
      [step, outcome, by ?? reason].join(" ")
    );
  });
}

Deno.test("LoginService serves many attempts, each with its own challenge, audit and throttle", async () => {
  await withService(6, async (service, steps) => {
    const first = await service.password(attempt("a"), plain(PASSWORD));
    const second = await service.password(attempt("b"), plain("wrong"));
    assert.deepEqual(first, { outcome: "challenged", by: "crtext" });
    assert.deepEqual(second, refused("wrong_password"));
    const answer = { code: given(await codeOf(6)), isNewConnection: false };
    assert.deepEqual(await service.answer(attempt("b"), answer), refused("no_challenge"));
    const right = await service.answer(attempt("a"), answer);
    assert.deepEqual(right, { outcome: "accepted", by: "code" });
    assert.deepEqual(await steps(), [
      "password challenged crtext",
      "password refused wrong_password",
      "code refused no_challenge",
      "code accepted code",
    ]);
  });
});

Deno.test("LoginService finds an appended code by the length of the user's codes", async () => {
  await withService(8, async (service) => {
    const sent = plain(PASSWORD + await codeOf(8));
    const verdict = await service.password(attempt("a"), sent);
    assert.deepEqual(verdict, { outcome: "accepted", by: "code" });
  });
});

Deno.test("LoginService takes an appended code behind a blank or a comma, and says so if it was wrong", async () => {
  for (const separator of [" ", ","]) {
    await withService(6, async (service, steps) => {
      const code = await codeOf(6);
      const wrong = await service.password(attempt("a"), plain(`other${separator}${code}`));
      assert(wrong.outcome === "refused" && wrong.reason === "wrong_password");
      assert.match(wrong.detail ?? "", /^without the blank or comma beside the appended code/);
      assert.equal(wrong.told, undefined);
      const without = await service.password(attempt("b"), plain(`other${code}`));
      assert.deepEqual(without, refused("wrong_password"));
      const right = await service.password(attempt("c"), plain(PASSWORD + separator + code));
      assert.deepEqual(right, { outcome: "accepted", by: "code" });
      // PAM was asked once for each; refusals that are alike share a row.
      assert.deepEqual(await steps(), [
        "password refused wrong_password",
        "password accepted code",
      ]);
    });
  }
});

Deno.test("LoginService treats the answer to a dynamic challenge as a code step", async () => {
  await withService(6, async (service, steps) => {
    const client = { ...CLIENT, knowsCrtext: false };
    const challenged = await service.password(attempt("a", client), plain(PASSWORD));
    assert(challenged.outcome === "challenged");
    assert.equal(challenged.stateId?.reveal(), "state");
    const code = given(await codeOf(6));
    const answer = (stateId: string) => ({ form: "dynamic", stateId, code }) as const;
    const other = await service.password(attempt("b", client), answer("other"));
    assert.deepEqual(other, refused("no_challenge"));
    const right = await service.password(attempt("c", client), answer("state"));
    assert.deepEqual(right, { outcome: "accepted", by: "code" });
    // The challenge already has its answer: the connection that brought it is gone.
    const again = await service.password(attempt("d", client), answer("state"));
    assert.deepEqual(again, refused("challenge_answered"));
    assert.deepEqual((await steps()).slice(1), [
      "code refused no_challenge",
      "code accepted code",
      "code refused challenge_answered",
    ]);
  });
});

Deno.test("LoginService lets a verified token in, and tries no other as a password", async () => {
  await withService(6, async (service) => {
    const token = (loginAt: number | null) => ({ form: "token", token: { loginAt } }) as const;
    const verified = await service.password(attempt("a"), token(NOW + 1000));
    assert.deepEqual(verified, { outcome: "accepted", by: "token" });
    const other = await service.password(attempt("b"), token(null));
    assert.equal("reason" in other && other.reason, "token_refused");
  });
});

Deno.test("LoginService warns once a day about what makes users give codes too often", async () => {
  await withService(6, async (service) => {
    const client = { ...CLIENT, hasSessionTokens: false };
    const warnings: boolean[] = [];
    for (const id of ["a", "b"]) {
      warnings.push("warning" in await service.password(attempt(id, client), plain(PASSWORD)));
    }
    assert.deepEqual(warnings, [true, false]);
  });
});
