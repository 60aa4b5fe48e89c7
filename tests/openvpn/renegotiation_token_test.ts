import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer, RENEGOTIATED_BY_PACKETS } from "../lab/openvpn_server.ts";
import { codeOf, enroll } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";

testWith(
  OPENVPN_LAB,
  "two renegotiations with plain auth-gen-token ask for nothing again",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      ...RENEGOTIATED_BY_PACKETS,
    ]);
    const secret = await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, account);
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);

    const renewed = /Username\/auth-token authentication succeeded/;
    await client.renegotiate();
    await server.log.waitFor(renewed);
    const first = server.log.seen.findIndex((line) => renewed.test(line));
    await client.renegotiate();
    await server.log.waitFor(renewed, first + 1);

    const count = (text: string) => server.log.seen.filter((line) => line.includes(text)).length;
    assert.equal(count("outcome=challenged"), 1);
    assert.equal(count("outcome=accepted"), 1);
    assert.equal(await client.ping(), true);
  },
);
