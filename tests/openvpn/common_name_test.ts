import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer, RENEGOTIATED_BY_PACKETS } from "../lab/openvpn_server.ts";
import { codeOf, enrollBeforeToken } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";

testWith(
  OPENVPN_LAB,
  "with totpCommonName, only the certificate's own user gets in, and stays in",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "setenv totpCommonName same",
      // OpenVPN replaces the common name by the username between the calls.
      "username-as-common-name",
      "auth-gen-token 3600 external-auth",
      ...RENEGOTIATED_BY_PACKETS,
    ]);
    const { username } = account;
    const secret = await enrollBeforeToken(server.db, username);

    await using other = await OpenvpnClient.connect(server, { ...account, commonName: "other" });
    assert.equal((await other.outcome()).connected, false);
    await server.log.waitFor(
      /outcome=refused reason=common_name_mismatch user=\S+ address=\S+ port=\d+ common_name=other /,
    );
    assert.equal(other.events.seen.some((line) => line.includes("CR_TEXT")), false);

    await using client = await OpenvpnClient.connect(server, { ...account, commonName: username });
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    const renewed = /outcome=accepted by=token/;
    await client.renegotiate();
    await server.log.waitFor(renewed);
    assert.equal(await client.ping(), true);
  },
);

testWith(
  OPENVPN_LAB,
  "with totpCommonName, a client without a certificate is refused",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "setenv totpCommonName same-ignoring-case",
      "verify-client-cert none",
      "username-as-common-name",
    ]);
    await enrollBeforeToken(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, { ...account, commonName: null });
    assert.equal((await client.outcome()).connected, false);
    await server.log.waitFor(
      /reason=common_name_mismatch .*detail="the client has no certificate with a common name, /,
    );
  },
);
