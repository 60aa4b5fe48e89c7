import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import { admin, base64, codeOf, enroll, makeTestDirectory, wrongCodeOf } from "../lab/program.ts";
import { OPENVPN_LAB, testScripts, testWith } from "../lab/requirements.ts";
import { wayIn } from "../lab/way_in.ts";

/** Counts how often the server's log says that the program accepted. */
function acceptances(server: OpenvpnServer): number {
  return server.log.seen.filter((line) => line.includes("outcome=accepted"))
    .length;
}

testWith(OPENVPN_LAB, "garbage answers are refused", async (t) => {
  await using account = await makeAccount();
  await using server = await OpenvpnServer.start();
  const secret = await enroll(server.db, account.username);
  const code = codeOf(secret);
  const garbage = {
    "no base64": "§%&/()",
    "empty": base64(""),
    "a NUL behind the code": base64(`${code}\0`),
    // One function reads both ways in: these tell nothing more of the service.
    ...wayIn.isService ? {} : {
      "a code that isn't encoded": code,
      "a digit too many": base64(`${code}0`),
      "two codes": base64(`${code}\n${code}x`),
      "digits of a keyboard that isn't known": base64(
        code.replace(
          /\d/g,
          (digit) => String.fromCodePoint(0x966 + Number(digit)),
        ),
      ),
      "a shell command": base64("$(touch /tmp/x)"),
      "a verdict": base64("1"),
    },
  };
  for (const [name, response] of Object.entries(garbage)) {
    await t.step(name, async () => {
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answerRaw(response);
      // Over the management interface, OpenVPN does not accept an empty word as an answer.
      if (response !== "") {
        assert.equal((await client.outcome()).connected, false);
      }
    });
  }
  assert.equal(acceptances(server), 0);
});

testWith(
  OPENVPN_LAB,
  "two answers in one burst: the first counts, right or wrong",
  async (t) => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start();

    await t.step("wrong, then right: refused", async () => {
      const secret = await enroll(server.db, account.username);
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answer(wrongCodeOf(secret), codeOf(secret));
      assert.equal((await client.outcome()).connected, false);
      assert.equal(acceptances(server), 0);
    });

    await t.step("right, then wrong: connected, and stays so", async () => {
      const secret = await enroll(server.db, account.username);
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answer(codeOf(secret), wrongCodeOf(secret));
      assert.equal((await client.outcome()).connected, true);
      await laterAnswer(server, wrongCodeOf(secret));
      assert.equal(await client.ping(), true);
    });
  },
);

testWith(
  OPENVPN_LAB,
  "an answer that comes unasked after the connection changes nothing",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    const later = codeOf(secret, 1);
    await client.answer(later);
    await laterAnswer(server, later);
    assert.equal(acceptances(server), 1);
    assert.equal(await client.ping(), true);
  },
);

/** Waits until an answer that changes nothing has come; the service doesn't look at it. */
async function laterAnswer({ log }: OpenvpnServer, code: string): Promise<void> {
  const seen = wayIn.isService
    ? `CR response was sent by client \\('${base64(code)}'\\)`
    : "outcome=unchanged reason=challenge_answered";
  await log.waitFor(new RegExp(seen));
}

testScripts(
  OPENVPN_LAB,
  "a right code without a challenge of ours is refused",
  async () => {
    await using account = await makeAccount();
    await using directory = await makeTestDirectory();
    // Another program asks for a code, and our password step never ran.
    const script = `${directory.path}/asks.sh`;
    await Deno.writeTextFile(
      script,
      "#!/bin/sh\n" +
        'printf "60\\ncrtext\\nCR_TEXT:R,E:code\\n" >"$auth_pending_file"\nexit 2\n',
      { mode: 0o755 },
    );
    await using server = await OpenvpnServer.start([
      `auth-user-pass-verify ${script} via-file`,
    ]);
    const secret = await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, false);
    await server.log.waitFor(/outcome=refused reason=no_challenge/);
  },
);

testWith(
  OPENVPN_LAB,
  "a late answer is refused by the program's own clock",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    // OpenVPN and its client would wait for minutes; only the program's challenge has expired.
    await mustRun("sqlite3", [
      server.db,
      `UPDATE challenges SET expires_at = ${Date.now()}`,
    ]);
    await client.answer(codeOf(secret));
    const outcome = await client.outcome();
    assert(!outcome.connected);
    assert.match(outcome.reason, /too late/);
  },
);

testWith(
  OPENVPN_LAB,
  "two clients at once: each code opens only its own connection",
  async (t) => {
    await using alice = await makeAccount();
    await using bob = await makeAccount();
    await using server = await OpenvpnServer.start();

    await t.step("the answers overlap in time: both connect", async () => {
      const alices = await enroll(server.db, alice.username);
      const bobs = await enroll(server.db, bob.username);
      await using first = await OpenvpnClient.connect(server, alice);
      await first.challenge();
      await using second = await OpenvpnClient.connect(server, bob);
      await second.challenge();
      await second.answer(codeOf(bobs));
      await first.answer(codeOf(alices));
      assert.equal((await first.outcome()).connected, true);
      assert.equal((await second.outcome()).connected, true);
    });

    await t.step("another's right code is refused, its owner connects", async () => {
      const alices = await enroll(server.db, alice.username);
      const bobs = await enroll(server.db, bob.username);
      await using first = await OpenvpnClient.connect(server, alice);
      await first.challenge();
      await using second = await OpenvpnClient.connect(server, bob);
      await second.challenge();
      await first.answer(codeOf(bobs));
      assert.equal((await first.outcome()).connected, false);
      await second.answer(codeOf(bobs));
      assert.equal((await second.outcome()).connected, true);
      assert.notEqual(alices, bobs);
    });
  },
);

testScripts(
  OPENVPN_LAB,
  "a user who is deleted or enrolled again while the challenge is open is refused",
  async (t) => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start();
    for (
      const change of [["delete"], ["enroll", "--replace"]]
    ) {
      await t.step(change.join(" "), async () => {
        const secret = await enroll(server.db, account.username);
        await using client = await OpenvpnClient.connect(server, account);
        await client.challenge();
        const { status } = await admin(server.db, [
          ...change,
          account.username,
        ]);
        assert.equal(status, 0);
        await client.answer(codeOf(secret));
        assert.equal((await client.outcome()).connected, false);
      });
    }
    assert.equal(acceptances(server), 0);
  },
);

testWith(
  OPENVPN_LAB,
  "neither passwords, codes nor secrets stay behind",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      // At verb 3, OpenVPN itself logs the answer.
      "verb 1",
    ]);
    const secret = await enroll(server.db, account.username);
    const code = codeOf(secret);
    const wrong = wrongCodeOf(secret);
    for (const answer of [wrong, code]) {
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answer(answer);
      await client.outcome();
    }
    const left = [...Deno.readDirSync(server.temporary)].map(({ name }) => name)
      .filter((name) => name.startsWith("openvpn_cr_"));
    assert.deepEqual(left, []);
    const log = server.log.seen.join("\n");
    for (const value of [account.password, secret, code, base64(code)]) {
      assert.equal(log.includes(value), false);
    }
  },
);
