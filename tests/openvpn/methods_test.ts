import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun } from "../lab/command.ts";
import { type Login, OpenvpnClient } from "../lab/openvpn_client.ts";
import { OpenvpnServer, RENEGOTIATED_BY_PACKETS, WITHOUT_TOKENS } from "../lab/openvpn_server.ts";
import {
  admin,
  codeOf,
  enroll,
  enrollBeforeToken,
  on,
  PROGRAM,
  wrongCodeOf,
} from "../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../lab/requirements.ts";
import { wayIn } from "../lab/way_in.ts";

/** The result of a login that needs no answer. */
async function outcomeOf(server: OpenvpnServer, login: Login): Promise<string> {
  await using client = await OpenvpnClient.connect(server, login);
  const outcome = await client.outcome();
  return outcome.connected ? "connected" : outcome.reason;
}

testWith(
  OPENVPN_LAB,
  "a static challenge: password and code in one step, and after an empty answer another method asks",
  async () => {
    await using account = await makeAccount(`pä"ss\\:wörd`);
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, account.username);
    const login = (staticAnswer: string) => ({
      ...account,
      sso: null,
      staticAnswer,
    });
    const wrong = await outcomeOf(server, login(wrongCodeOf(secret)));
    assert.match(wrong, /^Wrong TOTP code/);
    assert.match(await outcomeOf(server, login("12345")), /not a TOTP code/);
    assert.equal(
      await outcomeOf(server, { ...login(codeOf(secret)), password: "wrong" }),
      "",
    );
    {
      await using client = await OpenvpnClient.connect(server, {
        ...login(""),
        asksAgain: true,
      });
      await client.dynamicChallenge();
    }
    const code = codeOf(secret);
    assert.equal(await outcomeOf(server, login(code)), "connected");
    assert.match(await outcomeOf(server, login(code)), /was already used/);
    await server.log.waitFor(/step=password outcome=accepted by=code/);
  },
);

testWith(
  OPENVPN_LAB,
  "an appended code: off by default, then password and code in one line",
  async (t) => {
    await using account = await makeAccount();
    const { username, password } = account;
    // Which side is split off is decided before it matters where the login came from.
    for (const position of wayIn.isService ? ["suffix"] : ["suffix", "prefix"]) {
      await t.step(position, async () => {
        await using server = await OpenvpnServer.start([
          "setenv totpChallengeMethods append,dynamic",
          `setenv totpAppendPosition ${position}`,
        ]);
        const secret = await enroll(server.db, username);
        const sent = (word: string, code: string) => ({
          ...account,
          sso: null,
          password: position === "suffix" ? word + code : code + word,
        });
        assert.equal(
          await outcomeOf(server, sent("wrong", codeOf(secret))),
          "",
        );
        assert.match(
          await outcomeOf(server, sent(password, wrongCodeOf(secret))),
          /4 attempts left/,
        );
        const right = sent(password, codeOf(secret));
        assert.equal(await outcomeOf(server, right), "connected");
      });
    }
    await t.step("not by default", async () => {
      await using server = await OpenvpnServer.start();
      const secret = await enroll(server.db, username);
      const sent = `${password}${codeOf(secret)}`;
      assert.equal(await outcomeOf(server, { ...account, password: sent }), "");
      await server.log.waitFor(/reason=wrong_password/);
    });
  },
);

testWith(
  OPENVPN_LAB,
  "a recovery code connects once, wherever a code is asked for",
  async () => {
    await using account = await makeAccount();
    const { username } = account;
    await using server = await OpenvpnServer.start();
    const output = await mustRun(PROGRAM, [
      ...on(server.db),
      ...["enroll", "--recovery-codes", username],
    ]);
    const codes = output.trim().split("\n").slice(3);
    assert.equal(codes.length, 10);
    {
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answer(codes[0]!);
      assert.equal((await client.outcome()).connected, true);
    }
    const login = { ...account, sso: null };
    assert.match(
      await outcomeOf(server, { ...login, staticAnswer: codes[0]! }),
      /^Wrong TOTP code/,
    );
    assert.equal(
      await outcomeOf(server, { ...login, staticAnswer: codes[1]! }),
      "connected",
    );
    await using client = await OpenvpnClient.connect(server, {
      ...login,
      asksAgain: true,
    });
    const { stateId } = await client.dynamicChallenge();
    await client.answerDynamic(username, stateId, codes[2]!.toLowerCase());
    assert.equal((await client.outcome()).connected, true);
    const { stdout } = await admin(server.db, ["show", username]);
    assert.match(stdout, /^Recovery codes: +7 left$/m);
    await server.log.waitFor(/by="recovery code"/);
  },
);

testWith(
  OPENVPN_LAB,
  "an exempt link connects with only its password, from its network, and the log says so",
  async () => {
    await using account = await makeAccount();
    const { username } = account;
    await using server = await OpenvpnServer.start();
    const login = { ...account, sso: null };
    const exempt = (from: string) =>
      mustRun(PROGRAM, [...on(server.db), "exempt", username, "--from", from]);
    await exempt("192.0.2.0/24");
    assert.equal(await outcomeOf(server, login), "");
    await exempt("10.91.0.0/24");
    assert.equal(
      await outcomeOf(server, { ...login, password: "wrong" }),
      "",
    );
    assert.equal(await outcomeOf(server, login), "connected");
    await server.log.waitFor(/outcome=accepted by=exemption/);
    await admin(server.db, ["exempt", "--end", username]);
    assert.equal(await outcomeOf(server, login), "");
  },
);

testWith(
  OPENVPN_LAB,
  "a burst of answers to one dynamic challenge: one is accepted",
  async () => {
    await using account = await makeAccount();
    const { username } = account;
    await using server = await OpenvpnServer.start();
    const secret = await enroll(server.db, username);
    const login = { ...account, sso: null, asksAgain: true, commonName: "c" };
    let stateId: string;
    {
      await using client = await OpenvpnClient.connect(server, login);
      ({ stateId } = await client.dynamicChallenge());
    }
    await using clients = new AsyncDisposableStack();
    for (const offset of [0, 0, 1, 1]) {
      clients.use(
        await OpenvpnClient.connect(server, {
          ...login,
          password: `CRV1::${stateId}::${codeOf(secret, offset)}`,
        }),
      );
    }
    const answered = () => server.log.seen.filter((line) => / step=code /.test(line)).length;
    for (let from = 0; answered() < 2; from = server.log.seen.length) {
      await server.log.waitFor(/ step=code /, from);
    }
    const { stdout } = await admin(server.db, [
      ...["log", "--json", "--outcome", "accepted"],
    ]);
    assert.equal(JSON.parse(stdout).length, 1);
  },
);

testWith(
  OPENVPN_LAB,
  "a disabled user is refused, at a renegotiation with external-auth, too, until enabled",
  async () => {
    await using account = await makeAccount();
    const { username } = account;
    await using server = await OpenvpnServer.start([
      "auth-gen-token 3600 external-auth",
      ...RENEGOTIATED_BY_PACKETS,
    ]);
    const secret = await enrollBeforeToken(server.db, username);
    const login = { ...account, staticAnswer: codeOf(secret) };
    await using client = await OpenvpnClient.connect(server, login);
    assert.equal((await client.outcome()).connected, true);
    await client.renegotiate();
    await server.log.waitFor(/outcome=accepted by=token/);
    await admin(server.db, ["disable", username]);
    await client.renegotiate();
    await server.log.waitFor(/outcome=refused reason=user_disabled/);
    const again = { ...account, staticAnswer: codeOf(secret, 1) };
    assert.equal(await outcomeOf(server, again), "");
    await admin(server.db, ["enable", username]);
    assert.equal(await outcomeOf(server, again), "connected");
  },
);

testWith(
  OPENVPN_LAB,
  "a client that answers by a static or dynamic challenge keeps its token at a renegotiation",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      "auth-gen-token 3600 external-auth",
      ...RENEGOTIATED_BY_PACKETS,
    ]);
    const secret = await enrollBeforeToken(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, {
      ...account,
      sso: null,
      asksAgain: true,
    });
    const { stateId } = await client.dynamicChallenge();
    await client.answerDynamic(account.username, stateId, codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    await client.renegotiate();
    await server.log.waitFor(/outcome=accepted by=token/);
    const challenges = server.log.seen.filter((line) => line.includes("outcome=challenged"));
    assert.equal(challenges.length, 1);
    assert.equal(await client.ping(), true);
  },
);

testWith(
  OPENVPN_LAB,
  "without auth-gen-token the log says once what to add",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([WITHOUT_TOKENS]);
    const secret = await enroll(server.db, account.username);
    for (const offset of [0, 1]) {
      await using client = await OpenvpnClient.connect(server, account);
      await client.challenge();
      await client.answer(codeOf(secret, offset));
      assert.equal((await client.outcome()).connected, true);
    }
    const said = server.log.seen.filter((line) =>
      line.includes("add auth-gen-token to OpenVPN's configuration")
    );
    assert.equal(said.length, 1);
  },
);

testWith(
  OPENVPN_LAB,
  "a client that drops its token is asked again, and the log says so once",
  async () => {
    await using account = await makeAccount();
    await using server = await OpenvpnServer.start([
      ...RENEGOTIATED_BY_PACKETS,
    ]);
    const secret = await enroll(server.db, account.username);
    await using client = await OpenvpnClient.connect(server, {
      ...account,
      dropsToken: true,
    });
    await client.challenge();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    const from = client.events.seen.length;
    await client.renegotiate();
    await client.challenge(from);
    await server.log.waitFor(
      /outcome=challenged .*warning=".*did not keep its session token/,
    );
  },
);
