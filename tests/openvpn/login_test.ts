import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import {
  codeOf,
  enroll,
  keyFileOf,
  makeTestDirectory,
  PROGRAM,
  wrongCodeOf,
} from "../lab/program.ts";
import { OPENVPN_LAB, testScripts, testWith } from "../lab/requirements.ts";

testWith(OPENVPN_LAB, "a right code connects, once", async () => {
  await using account = await makeAccount();
  await using server = await OpenvpnServer.start();
  const secret = await enroll(server.db, account.username);
  const code = codeOf(secret);

  await using client = await OpenvpnClient.connect(server, account);
  assert.equal(await client.challenge(), "Please enter your TOTP code");
  await client.answer(code);
  assert.equal((await client.outcome()).connected, true);
  assert.equal(await client.ping(), true);

  await using second = await OpenvpnClient.connect(server, account);
  await second.challenge();
  await second.answer(code);
  const outcome = await second.outcome();
  assert(!outcome.connected);
  assert.match(outcome.reason, /was already used/);
});

testWith(
  OPENVPN_LAB,
  "a wrong password and a user who is not enrolled look the same to the client",
  async () => {
    await using enrolled = await makeAccount();
    await using stranger = await makeAccount();
    await using server = await OpenvpnServer.start();
    await enroll(server.db, enrolled.username);

    const seen: string[][] = [];
    for (
      const login of [
        { username: enrolled.username, password: "wrong" },
        { username: stranger.username, password: stranger.password },
        { username: "ovtotp-t-nobody", password: "wrong" },
      ]
    ) {
      await using client = await OpenvpnClient.connect(server, login);
      assert.equal((await client.outcome()).connected, false);
      seen.push(
        client.events.seen.filter((line) => /^>(PASSWORD|INFO|FA)/.test(line)),
      );
    }
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[2], seen[0]);
    assert.equal(seen[0]!.some((line) => line.includes("CR_TEXT")), false);
    await server.log.waitFor(/outcome=refused reason=wrong_password/);
    await server.log.waitFor(/outcome=refused reason=not_enrolled/);
  },
);

testWith(OPENVPN_LAB, "a wrong code is refused with a reason", async () => {
  await using account = await makeAccount();
  await using server = await OpenvpnServer.start();
  const secret = await enroll(server.db, account.username);
  await using client = await OpenvpnClient.connect(server, account);
  await client.challenge();
  await client.answer(wrongCodeOf(secret));
  const outcome = await client.outcome();
  assert(!outcome.connected);
  assert.match(outcome.reason, /Wrong TOTP code/);
});

testWith(
  OPENVPN_LAB,
  "a client that a server's one method can't reach is told so, whatever its password",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "setenv totpChallengeMethods crtext",
      "setenv totpFreePasswords 10",
    ]);
    await enroll(server.db, account.username);
    const reasons: string[] = [];
    for (const password of [account.password, "wrong"]) {
      for (const sso of [null, "webauth,xcrtext"]) {
        await using client = await OpenvpnClient.connect(server, {
          username: account.username,
          password,
          sso,
        });
        const outcome = await client.outcome();
        assert(!outcome.connected);
        reasons.push(outcome.reason);
      }
    }
    assert.match(reasons[0]!, /cannot ask for a TOTP code in a way/);
    assert.equal(new Set(reasons).size, 1);
  },
);

testScripts(
  OPENVPN_LAB,
  "a server with its own text, timeout and database, via-env and no client certificates",
  async () => {
    await using account = await makeAccount(`via "env" \\ $PATH ünï`);
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const secret = await enroll(db, account.username);
    await using server = await OpenvpnServer.start([
      "verify-client-cert none",
      "script-security 3",
      `auth-user-pass-verify ${PROGRAM} via-env`,
      `setenv totpTokenDbPath ${db}`,
      `setenv totpKeyFile ${keyFileOf(db)}`,
      'setenv totpChallengeText "Code für das VPN, bitte: 6 Ziffern"',
      "setenv totpChallengeTimeout 77",
    ]);
    await using client = await OpenvpnClient.connect(server, {
      ...account,
      commonName: null,
    });
    assert.equal(
      await client.challenge(),
      "Code für das VPN, bitte: 6 Ziffern",
    );
    await client.events.waitFor(/AUTH_PENDING,timeout 77/);
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    assert.equal(await client.ping(), true);
  },
);

testScripts(
  OPENVPN_LAB,
  "a bad setting refuses every login and is named in the log",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "setenv totpDriftSteps many",
    ]);
    await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, account);
    assert.equal((await client.outcome()).connected, false);
    await server.log.waitFor(
      /outcome=refused reason=failure .*bad_setting: totpDriftSteps is \\"many\\", expected a whole number from 0 to 10/,
    );
  },
);

testWith(
  OPENVPN_LAB,
  "username-as-common-name, with client certificates and without, lets a right code in",
  async (t) => {
    await using account = await makeAccount();
    for (const certificate of ["require", "none"]) {
      await t.step(`verify-client-cert ${certificate}`, async () => {
        await using server = await OpenvpnServer.start([
          `verify-client-cert ${certificate}`,
          "username-as-common-name",
        ]);
        const secret = await enroll(server.db, account.username);
        await using client = await OpenvpnClient.connect(server, {
          ...account,
          ...certificate === "none" ? { commonName: null } : {},
        });
        await client.challenge();
        await client.answer(codeOf(secret));
        assert.equal((await client.outcome()).connected, true);
      });
    }
  },
);
