import assert from "node:assert/strict";
import { makeAccount } from "../../lab/accounts.ts";
import { NetworkManager } from "../../lab/network_manager.ts";
import { OpenvpnServer } from "../../lab/openvpn_server.ts";
import { codeOf, enroll, wrongCodeOf } from "../../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../../lab/requirements.ts";

testWith(
  [...OPENVPN_LAB, "script"],
  "NetworkManager asks for the code by a dynamic challenge, after a wrong one for the password again",
  async () => {
    await using account = await makeAccount(crypto.randomUUID());
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, account.username);
    await using client = await NetworkManager.start(server, account.username);
    await using terminal = client.connect();
    for (const code of [wrongCodeOf(secret), codeOf(secret)]) {
      await terminal.typeHidden(/Password \(vpn\.secrets\.password\): $/, account.password);
      const screen = await terminal.shows(/challenge-response\): $/);
      assert.match(screen, /Please enter your TOTP code/);
      await terminal.type(/challenge-response\): $/, code);
    }
    await terminal.shows(/Connection successfully activated/);
    assert.match(await client.state(), /^activated/);
    await server.log.waitFor(/step=code outcome=refused reason=wrong_code/);
    await server.log.waitFor(/step=code outcome=accepted by=code/);
  },
);
