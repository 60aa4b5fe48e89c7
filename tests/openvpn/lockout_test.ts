import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import { admin, codeOf, enroll, wrongCodesOf } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";

testWith(
  OPENVPN_LAB,
  "wrong codes lock, the client is told, and unlock lets the user in",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "setenv totpMaxFailures 3",
      "setenv totpLockoutSeconds 480",
    ]);
    const secret = await enroll(server.db, account.username);
    const reasonAfter = async (code: string | null) => {
      await using client = await OpenvpnClient.connect(server, account);
      if (code !== null) {
        await client.challenge();
        await client.answer(code);
      }
      const outcome = await client.outcome();
      assert(!outcome.connected);
      return outcome.reason;
    };
    const [first, second, third] = wrongCodesOf(secret, 3);
    assert.match(await reasonAfter(first!), /\(2 attempts left\)$/);
    assert.match(await reasonAfter(first!), /\(2 attempts left\)$/);
    assert.match(await reasonAfter(second!), /\(1 attempt left\)$/);
    const locked = /^Too many wrong TOTP codes: try again in 8 minutes$/;
    assert.match(await reasonAfter(third!), locked);
    // There is no challenge any more, right after the password.
    assert.match(await reasonAfter(null), locked);

    assert.equal(
      (await admin(server.db, ["unlock", account.username])).status,
      0,
    );
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
  },
);

testWith(
  OPENVPN_LAB,
  "wrong passwords make a client wait, and a right one connects it after the wait",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "setenv totpFreePasswords 2",
    ]);
    const secret = await enroll(server.db, account.username);
    const reasonOf = async (password: string) => {
      await using client = await OpenvpnClient.connect(server, {
        username: account.username,
        password,
      });
      const outcome = await client.outcome();
      assert(!outcome.connected);
      return outcome.reason;
    };
    // The same wrong password would count once.
    for (let i = 0; i < 2; i++) assert.equal(await reasonOf(`wrong ${i}`), "");
    // The user's own failures, and those of all spellings of the name.
    const places = `WHERE place LIKE '% 10.91.0.2 ${account.username}'`;
    const change = (columns: string) =>
      mustRun("sqlite3", [server.db, `UPDATE place_failures SET ${columns} ${places}`]);
    // Pretend that there were more failures, for the longest wait of 300 seconds: no slow machine
    // misses it.
    await change(`level = 20, last_at = ${Date.now()}`);
    assert.match(
      await reasonOf(account.password),
      /^TEMP\[backoff [1-9]\d*,advance no\]: Too many failed logins/,
    );
    await server.log.waitFor(/outcome=refused reason=too_many_failures/);
    // Pretend that the wait is over.
    await change("last_at = last_at - 300000");
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
  },
);
