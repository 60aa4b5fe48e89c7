import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import { codeOf, enroll, wrongCodeOf } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";

testWith(
  OPENVPN_LAB,
  "root's OpenVPN runs hooks on another user's database: a right code connects, once",
  async () => {
    await using owner = await makeAccount();
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([], async (directory) => {
      await Deno.chmod(directory, 0o755);
      const user = owner.username;
      await mustRun("install", ["-d", "-o", user, "-g", user, "-m", "0700", `${directory}/db`]);
      return [];
    });
    const secret = await enroll(server.db, account.username);
    const outcomeOf = async (code: string) => {
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answer(code);
      const outcome = await client.outcome();
      return outcome.connected ? "" : outcome.reason;
    };
    assert.notEqual(await outcomeOf(wrongCodeOf(secret)), "");
    const code = codeOf(secret);
    assert.equal(await outcomeOf(code), "");
    assert.match(await outcomeOf(code), /was already used/);
    const uid = (await mustRun("id", ["-u", owner.username])).trim();
    const owners = await mustRun("find", [server.db.replace(/\/[^/]*$/, ""), "-printf", "%U "]);
    assert.deepEqual(new Set(owners.trim().split(" ")), new Set([uid]));
  },
);
