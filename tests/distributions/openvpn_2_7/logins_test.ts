import assert from "node:assert/strict";
import type { Finding } from "../../../src/server_setup/doctor/finding.ts";
import { makeAccount } from "../../lab/accounts.ts";
import { run } from "../../lab/command.ts";
import { OpenvpnClient } from "../../lab/openvpn_client.ts";
import { OpenvpnServer, RENEGOTIATED_BY_PACKETS } from "../../lab/openvpn_server.ts";
import { codeOf, enroll, enrollBeforeToken, PROGRAM } from "../../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../../lab/requirements.ts";
import { startTerminalClient } from "../../lab/terminal_client.ts";

testWith(OPENVPN_LAB, "a server with several local lines lets clients in at each", async () => {
  await using account = await makeAccount();
  await using server = await OpenvpnServer.start([
    "local 10.91.0.1 1195 udp",
    "local 10.91.0.1 1196 tcp-server",
  ]);
  const args = ["doctor", "--config", `${server.directory}/server.conf`, "--json"];
  const { findings } = JSON.parse((await run(PROGRAM, args)).stdout) as { findings: Finding[] };
  assert.equal(findings.find(({ id }) => id === "config")?.level, "ok");
  const secret = await enroll(server.db, account.username);
  const ways = [["1194", "udp"], ["1195", "udp"], ["1196", "tcp-client"]] as const;
  for (const [offset, remote] of ways.entries()) {
    await using client = await OpenvpnClient.connect(server, { ...account, remote });
    await client.challenge();
    await client.answer(codeOf(secret, offset));
    assert.equal((await client.outcome()).connected, true);
    assert.equal(await client.ping(), true);
  }
});

testWith(
  [...OPENVPN_LAB, "script"],
  "a static challenge of the format concat is an appended code",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start(["setenv totpChallengeMethods append"]);
    const secret = await enroll(server.db, account.username);
    await using client = await startTerminalClient(server, [
      ...["--static-challenge", "Code", "1", "concat"],
    ]);
    await client.type(/Enter Auth Username:/, account.username);
    await client.typeHidden(/Enter Auth Password:/, account.password);
    await client.type(/CHALLENGE: Code/, codeOf(secret));
    await client.shows(/Initialization Sequence Completed/);
    await server.log.waitFor(/step=password outcome=accepted by=code/);
  },
);

testWith(
  OPENVPN_LAB,
  "a client without a password needs the code where the program checks codes only",
  async () => {
    await using account = await makeAccount();
    const login = { ...account, isUsernameOnly: true };
    {
      await using server = await OpenvpnServer.start(["setenv totpPrimaryAuth external"]);
      const secret = await enroll(server.db, account.username);
      await using client = await OpenvpnClient.connect(server, login);
      await client.challenge();
      await client.answer(codeOf(secret));
      assert.equal((await client.outcome()).connected, true);
    }
    await using server = await OpenvpnServer.start();
    await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, login);
    assert.equal((await client.outcome()).connected, false);
    await server.log.waitFor(/outcome=refused reason=wrong_password/);
  },
);

/** A server that renames every user once the login is over. */
function startRenaming(name: string, ...lines: string[]): Promise<OpenvpnServer> {
  return OpenvpnServer.start([...RENEGOTIATED_BY_PACKETS, ...lines], async (directory) => {
    await Deno.mkdir(`${directory}/ccd`);
    await Deno.writeTextFile(`${directory}/ccd/DEFAULT`, `override-username ${name}\n`);
    return [`client-config-dir ${directory}/ccd`];
  });
}

testWith(OPENVPN_LAB, "with override-username, OpenVPN itself takes its token", async () => {
  await using account = await makeAccount();
  await using server = await startRenaming("everybody");
  const secret = await enrollBeforeToken(server.db, account.username);
  await using client = await OpenvpnClient.connect(server, account);
  await client.challenge();
  await client.answer(codeOf(secret));
  assert.equal((await client.outcome()).connected, true);
  await client.renegotiate();
  await server.log.waitFor(
    /Username\/auth-token authentication succeeded for username 'everybody'/,
  );
  assert.equal(await client.ping(), true);
});

testWith(
  OPENVPN_LAB,
  "with override-username and external-auth, the new name must be enrolled, too",
  async (t) => {
    await using account = await makeAccount();
    await using other = await makeAccount();
    for (const isEnrolled of [true, false]) {
      await t.step(isEnrolled ? "it is" : "it is not", async () => {
        await using server = await startRenaming(
          other.username,
          "auth-gen-token 0 external-auth",
        );
        const secret = await enrollBeforeToken(server.db, account.username);
        if (isEnrolled) await enrollBeforeToken(server.db, other.username);
        await using client = await OpenvpnClient.connect(server, account);
        await client.challenge();
        await client.answer(codeOf(secret));
        assert.equal((await client.outcome()).connected, true);
        await client.renegotiate();
        const name = isEnrolled ? "accepted by=token" : "refused reason=not_enrolled";
        await server.log.waitFor(RegExp(`outcome=${name} user=${other.username} `));
      });
    }
  },
);
