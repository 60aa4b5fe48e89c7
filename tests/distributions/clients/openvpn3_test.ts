import assert from "node:assert/strict";
import { type Account, makeAccount } from "../../lab/accounts.ts";
import { BusMachine } from "../../lab/bus_machine.ts";
import { writeProfile } from "../../lab/client_profile.ts";
import { OpenvpnServer } from "../../lab/openvpn_server.ts";
import { codeOf, enroll, wrongCodeOf } from "../../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../../lab/requirements.ts";

const LAB = [...OPENVPN_LAB, "script"] as const;

/** Ways to ask for a code: lines of the server, lines of the client, and the client's prompt. */
const WAYS = {
  crtext: [[], [], /Please enter your TOTP code: $/],
  static: [[], ['static-challenge "Code of your app" 1'], /Code of your app: $/],
  dynamic: [["setenv totpChallengeMethods dynamic"], [], /Please enter your TOTP code: $/],
} as const;

/** Logs in on a machine of its own; gives the exit status, and what the screen showed at the end. */
async function logIn(
  server: OpenvpnServer,
  { username, password }: Account,
  lines: readonly string[],
  [prompt, code]: [RegExp, string],
): Promise<{ status: number; screen: string; address: boolean }> {
  const profile = await writeProfile(server, "openvpn3", lines);
  await using machine = await BusMachine.start(server.network.client.namespace);
  await using terminal = machine.terminal("openvpn3", "session-start", "--config", profile);
  await terminal.type(/Auth User name: $/, username);
  await terminal.typeHidden(/Auth Password: $/, password);
  await terminal.type(prompt, code);
  const end = await terminal.end();
  const { stdout } = await machine.run("ip", "address");
  return { ...end, address: stdout.includes("10.92.0.") };
}

for (const [method, [serverLines, clientLines, prompt]] of Object.entries(WAYS)) {
  testWith(LAB, `OpenVPN 3 Linux logs in by ${method}, and a wrong code ends it`, async () => {
    await using account = await makeAccount(crypto.randomUUID());
    await using server = await OpenvpnServer.start([...serverLines]);
    const secret = await enroll(server.db, account.username);
    const wrong = await logIn(server, account, clientLines, [prompt, wrongCodeOf(secret)]);
    assert.notEqual(wrong.status, 0);
    assert.match(wrong.screen, /User authentication failed/);
    await server.log.waitFor(/outcome=refused reason=wrong_code/);
    const right = await logIn(server, account, clientLines, [prompt, codeOf(secret)]);
    assert.equal(right.status, 0, right.screen);
    assert.equal(right.address, true);
    await server.log.waitFor(/peer info: IV_SSO=\S*\bcrtext\b/);
    const accepted = method === "static"
      ? /step=password outcome=accepted by=code/
      : /step=code outcome=accepted by=code/;
    await server.log.waitFor(accepted);
  });
}
