import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer, RENEGOTIATED_BY_PACKETS } from "../lab/openvpn_server.ts";
import { admin, codeOf, enrollBeforeToken } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";
import { wayIn } from "../lab/way_in.ts";

testWith(
  OPENVPN_LAB,
  "renegotiations with external-auth ask for nothing again, until the user is deleted",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "auth-gen-token 3600 external-auth",
      ...RENEGOTIATED_BY_PACKETS,
    ]);
    const secret = await enrollBeforeToken(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);

    const renewed = /outcome=accepted by=token/;
    await client.renegotiate();
    await server.log.waitFor(renewed);
    const first = server.log.seen.findIndex((line) => renewed.test(line));
    await client.renegotiate();
    await server.log.waitFor(renewed, first + 1);
    const challenges = server.log.seen.filter((line) => line.includes("outcome=challenged"));
    assert.equal(challenges.length, 1);
    // A key that waits for its verdict carries no packets, and the pings make one after the other.
    if (!wayIn.isService) assert.equal(await client.ping(), true);

    await admin(server.db, ["delete", account.username]);
    await client.renegotiate();
    await server.log.waitFor(
      /step=password outcome=refused reason=not_enrolled/,
    );
  },
);
