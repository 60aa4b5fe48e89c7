import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer } from "../lab/openvpn_server.ts";
import { codeOf, enroll, wrongCodeOf } from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";
import { startTerminalClient } from "../lab/terminal_client.ts";
import { wayIn } from "../lab/way_in.ts";

testWith(
  OPENVPN_LAB,
  "a client without crtext gets a dynamic challenge, and a right answer connects it once",
  async () => {
    await using account = await makeAccount();
    const { username } = account;
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, username);
    const login = { ...account, sso: null, asksAgain: true, commonName: "c" };
    {
      await using client = await OpenvpnClient.connect(server, login);
      const challenge = await client.dynamicChallenge();
      assert.equal(challenge.username, username);
      assert.equal(challenge.text, "Please enter your TOTP code");
      await client.answerDynamic(username, challenge.stateId, codeOf(secret));
      assert.equal((await client.outcome()).connected, true);
      assert.equal(await client.ping(), true);
      await server.log.waitFor(
        /step=password outcome=challenged by=dynamic .*\n?/,
      );
      await server.log.waitFor(/step=code outcome=accepted by=code/);

      // The same state id and another code, on another connection.
      await using thief = await OpenvpnClient.connect(server, {
        ...login,
        password: `CRV1::${challenge.stateId}::${codeOf(secret, 1)}`,
      });
      assert.equal((await thief.outcome()).connected, false);
      await server.log.waitFor(
        /step=code outcome=refused reason=challenge_answered/,
      );
    }
  },
);

testWith(
  OPENVPN_LAB,
  "a dynamic challenge takes one answer, from its user and certificate, in time",
  async (t) => {
    await using account = await makeAccount();
    await using other = await makeAccount();
    const { username } = account;
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, username);
    await enroll(server.db, other.username);
    const login = { ...account, sso: null, asksAgain: true, commonName: "c" };

    /** Gets a challenge, and returns the result of an answer on a new connection. */
    const challenged = async () => {
      await using client = await OpenvpnClient.connect(server, login);
      const { stateId } = await client.dynamicChallenge();
      return async (code: string, change = {}) => {
        const from = server.log.seen.length;
        await using answer = await OpenvpnClient.connect(server, {
          ...login,
          ...change,
          password: `CRV1::${stateId}::${code}`,
        });
        const { connected } = await answer.outcome();
        const [, reason] = connected
          ? []
          : await server.log.waitFor(/step=code .* reason=(\w+)/, from);
        return connected ? "connected" : reason;
      };
    };
    await t.step("a wrong code, then a right one", async () => {
      const answer = await challenged();
      assert.equal(await answer(wrongCodeOf(secret)), "wrong_code");
      assert.equal(await answer(codeOf(secret)), "challenge_answered");
    });
    await t.step("another user, another certificate", async () => {
      // Both are looked at in one place: for the service, one of them will do.
      const others = wayIn.isService ? [] : [{ username: other.username }];
      for (const change of [{ commonName: "d" }, ...others]) {
        const answer = await challenged();
        assert.equal(
          await answer(codeOf(secret), change),
          "challenge_mismatch",
        );
        assert.equal(await answer(codeOf(secret)), "challenge_answered");
      }
    });
    await t.step("too late", async () => {
      const answer = await challenged();
      await mustRun("sqlite3", [server.db, `UPDATE challenges SET expires_at = ${Date.now()}`]);
      assert.equal(await answer(codeOf(secret)), "challenge_expired");
    });
    await t.step("garbage", async () => {
      await using client = await OpenvpnClient.connect(server, {
        ...login,
        password: `CRV1::AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA::${codeOf(secret)}`,
      });
      assert.equal((await client.outcome()).connected, false);
      await server.log.waitFor(/step=code .* reason=no_challenge/);
    });
    await t.step("the right one", async () => {
      const answer = await challenged();
      assert.equal(await answer(codeOf(secret)), "connected");
    });
  },
);

testWith(
  [...OPENVPN_LAB, "script"],
  "the command-line client asks its user, without a management interface",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, account.username);
    await using client = await startTerminalClient(server, [
      ...["--auth-retry", "interact"],
    ]);
    await client.type(/Enter Auth Username:/, account.username);
    await client.typeHidden(/Enter Auth Password:/, account.password);
    await client.type(
      /CHALLENGE: Please enter your TOTP code\s*$/,
      codeOf(secret),
    );
    await client.shows(/Initialization Sequence Completed/);
  },
);
