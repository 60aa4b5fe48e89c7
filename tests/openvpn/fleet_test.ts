import assert from "node:assert/strict";
import { type Account, makeAccount } from "../lab/accounts.ts";
import { type Login, OpenvpnClient } from "../lab/openvpn_client.ts";
import { Fleet, FLEET_LAB, type FleetServer } from "../lab/openvpn_fleet.ts";
import { codeOf, wrongCodesOf } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/** Somebody with a certificate of each server. */
class User implements AsyncDisposable {
  readonly #account: Account;
  readonly secret: string;

  private constructor(account: Account, secret: string) {
    this.#account = account;
    this.secret = secret;
  }

  static async make(fleet: Fleet): Promise<User> {
    const account = await makeAccount();
    try {
      return new User(account, await fleet.enrol(account.username));
    } catch (error) {
      await account[Symbol.asyncDispose]();
      throw error;
    }
  }

  get username(): string {
    return this.#account.username;
  }

  /** Connects to a server with the right password, if no other is given. */
  connect({ openvpn }: FleetServer, more: Partial<Login> = {}): Promise<OpenvpnClient> {
    const { username, password } = this.#account;
    // OpenVPN lets one client in with a name.
    return OpenvpnClient.connect(openvpn, { username, password, commonName: username, ...more });
  }

  /** Has a login end in a refusal; gives its reason in the server's log, and what the client is told. */
  async refused(
    server: FleetServer,
    { code = null, ...more }: { code?: string | null; password?: string },
  ): Promise<{ reason: string; told: string }> {
    const from = server.log.seen.length;
    await using client = await this.connect(server, more);
    if (code !== null) {
      await client.challenge();
      await client.answer(code);
    }
    const outcome = await client.outcome();
    assert(!outcome.connected);
    const [, reason] = await server.log.waitFor(/ outcome=refused reason=(\w+)/, from);
    return { reason: reason!, told: outcome.reason };
  }

  /** Logs in with a code of a time step, counted from now. */
  async logIn(server: FleetServer, timeStep: number): Promise<void> {
    await using client = await this.connect(server);
    await client.challenge();
    await client.answer(codeOf(this.secret, timeStep));
    assert.equal((await client.outcome()).connected, true);
    assert.equal(await client.ping(), true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#account[Symbol.asyncDispose]();
  }
}

testWith(FLEET_LAB, "two servers, each with a service, share users in PostgreSQL", async (t) => {
  await using fleet = await Fleet.start({
    waysIn: ["service", "service"],
    settings: ["totpMaxFailures 2", "totpLockoutSeconds 3600", "totpFreePasswords 2"],
  });
  const [a, b] = fleet.servers as [FleetServer, FleetServer];
  await using user = await User.make(fleet);

  await t.step("a user logs in here, then there, with another code", async () => {
    await user.logIn(a, 0);
    await user.logIn(b, 1);
  });

  await t.step("a code that was used here is refused there", async () => {
    const code = codeOf(user.secret, 2);
    await using client = await user.connect(a);
    await client.challenge();
    await using other = await user.connect(b);
    await other.challenge();
    await client.answer(code);
    assert.equal((await client.outcome()).connected, true);
    const from = b.log.seen.length;
    await other.answer(code);
    assert.equal((await other.outcome()).connected, false);
    await b.log.waitFor(/ outcome=refused reason=code_used\b/, from);
  });

  await t.step("a challenge that one server made is answered at the other", async () => {
    await using client = await user.connect(a, { sso: null, asksAgain: true });
    const { stateId } = await client.dynamicChallenge();
    const password = `CRV1::${stateId}::${codeOf(user.secret, 3)}`;
    await using other = await user.connect(b, { sso: null, password });
    assert.equal((await other.outcome()).connected, true);
    // Once for both of them.
    const { reason } = await user.refused(a, { password });
    assert.equal(reason, "challenge_answered");
  });

  await t.step("PostgreSQL is restarted between challenge and answer", async () => {
    await using client = await user.connect(a);
    await client.challenge();
    await fleet.restartPostgres();
    await client.answer(codeOf(user.secret, 4));
    assert.equal((await client.outcome()).connected, true);
    await user.logIn(b, 5);
  });

  await t.step("one service is killed, and the other goes on", async () => {
    await using client = await user.connect(a);
    await client.challenge();
    await a.killService();
    await user.logIn(b, 6);
    await a.beginService();
    await client.answer(codeOf(user.secret, 7));
    assert.equal((await client.outcome()).connected, true);
  });

  await t.step("a lock that was earned here holds there", async () => {
    await using guesser = await User.make(fleet);
    const [first, second] = wrongCodesOf(guesser.secret, 2);
    assert.equal((await guesser.refused(a, { code: first! })).reason, "wrong_code");
    assert.equal((await guesser.refused(a, { code: second! })).reason, "codes_locked");
    assert.equal((await guesser.refused(b, {})).reason, "codes_locked");
  });

  await t.step("a wait that was earned here holds there", async () => {
    await using guesser = await User.make(fleet);
    for (const password of ["wrong", "wrong too"]) {
      assert.equal((await guesser.refused(a, { password })).reason, "wrong_password");
    }
    // Pretend that there were more of them, for the longest wait: no slow machine misses it.
    await fleet.database.psql(
      `UPDATE openvpn_totp.place_failures SET level = 20, last_at = ${Date.now()}
       WHERE place LIKE '% 10.91.0.2 ${guesser.username}'`,
    );
    const { reason, told } = await guesser.refused(b, {});
    assert.equal(reason, "too_many_failures");
    assert.match(told, /^TEMP\[backoff [1-9]\d*,advance no\]: Too many failed logins/);
  });
});

testWith(FLEET_LAB, "a server with hooks and one with a service share users", async (t) => {
  await using fleet = await Fleet.start({ waysIn: ["hook", "service"] });
  const [hooked, served] = fleet.servers as [FleetServer, FleetServer];
  await using user = await User.make(fleet);

  await t.step("a code that was used at one is refused at the other", async () => {
    const codes = [codeOf(user.secret, 0), codeOf(user.secret, 1)] as const;
    await user.logIn(hooked, 0);
    assert.equal((await user.refused(served, { code: codes[0] })).reason, "code_used");
    await user.logIn(served, 1);
    assert.equal((await user.refused(hooked, { code: codes[1] })).reason, "code_used");
  });

  await t.step(
    "clients that are refused while PostgreSQL is away come back by themselves",
    async () => {
      await using stack = new AsyncDisposableStack();
      const users: User[] = [];
      for (let i = 0; i < 4; i++) users.push(stack.use(await User.make(fleet)));
      const clients: { client: OpenvpnClient; user: User }[] = [];
      const connectAll = async (users: readonly User[]) => {
        for (const [i, server] of fleet.servers.entries()) {
          const client = stack.use(await users[i]!.connect(server, { waitsByItself: true }));
          clients.push({ client, user: users[i]! });
        }
      };
      await connectAll(users.slice(0, 2));
      for (const { client } of clients) await client.challenge();
      await fleet.postgres.stop();
      for (const { client, user } of clients) await client.answer(codeOf(user.secret));
      await connectAll(users.slice(2));
      for (const { client } of clients) {
        const outcome = await client.outcome();
        assert(!outcome.connected);
        assert.match(outcome.reason, /^TEMP\[backoff 15,advance no\]: /);
      }
      await fleet.postgres.start();
      for (const { client, user } of clients) await isLetInByItself(client, user);
    },
  );
});

/** Waits until a client that was refused has come back, and answers its challenge. */
async function isLetInByItself(client: OpenvpnClient, { secret }: User): Promise<void> {
  const refused = client.events.seen.findIndex((line) => line.includes("'TEMP["));
  await client.challenge(refused + 1);
  await client.answer(codeOf(secret, 1));
  assert.equal((await client.outcome(refused + 1)).connected, true);
  const asked = client.events.seen.filter((line) => line.startsWith(">PASSWORD:Need"));
  assert.equal(asked.length, 1, "nobody is asked for the password again");
}
