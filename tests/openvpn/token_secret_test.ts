import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import { codeOf, enroll, PROGRAM } from "../lab/program.ts";
import { OPENVPN_LAB, testScripts, testWith } from "../lab/requirements.ts";

/** Starts a server that tells its clients when it ends, so that they reconnect at once. */
function startServer(finish?: (config: string) => Promise<void>): Promise<OpenvpnServer> {
  return OpenvpnServer.start(["explicit-exit-notify 1"], undefined, finish);
}

/** Logs in, has the server restarted, and returns the events from there on. */
async function surviveRestart(server: OpenvpnServer, then: RegExp) {
  await using account = await makeAccount();
  const secret = await enroll(server.db, account.username);
  await using client = await OpenvpnClient.connect(server, { ...account, asksAgain: true });
  await client.challenge();
  await client.answer(codeOf(secret));
  assert.equal((await client.outcome()).connected, true);
  const from = client.events.seen.length;
  await server.restart();
  await client.events.waitFor(/^>HOLD:/, from);
  await client.release();
  await client.events.waitFor(then, from);
  return client.events.seen.slice(from);
}

testScripts(
  OPENVPN_LAB,
  "with the key that setup makes, a restart of OpenVPN asks nobody to log in again",
  async () => {
    await using server = await startServer(async (config) => {
      const secret = config.replace("server.conf", "auth-token.key");
      await mustRun(PROGRAM, [
        ...["setup", "--config", config, "--yes", "--no-apparmor", "--token-secret", secret],
      ]);
      assert.equal(Deno.statSync(secret).mode! & 0o777, 0o600);
    });
    const events = await surviveRestart(server, /^>STATE:\d+,CONNECTED,SUCCESS/);
    assert(
      !events.some((line) => /^>PASSWORD:(Need|Verification)|CR_TEXT/.test(line)),
      events.join("\n"),
    );
  },
);

testWith(
  OPENVPN_LAB,
  "without a key for session tokens, a restart of OpenVPN asks everybody to log in again",
  async () => {
    await using server = await startServer();
    await surviveRestart(server, /^>STATE:\d+,RECONNECTING,auth-failure \(auth-token\)/);
  },
);

testScripts(
  OPENVPN_LAB,
  "setup takes a key that OpenVPN has made",
  async () => {
    await using server = await startServer(async (config) => {
      const secret = config.replace("server.conf", "auth-token.key");
      await mustRun("openvpn", ["--genkey", "auth-token", secret]);
      const before = await Deno.readTextFile(secret);
      await mustRun(PROGRAM, [
        ...["setup", "--config", config, "--yes", "--no-apparmor", "--token-secret", secret],
      ]);
      assert.equal(await Deno.readTextFile(secret), before);
    });
    assert(server.log.seen.some((line) => line.includes("Initialization Sequence Completed")));
  },
);
