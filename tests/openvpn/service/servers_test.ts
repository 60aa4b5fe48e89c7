import assert from "node:assert/strict";
import { makeAccount } from "../../lab/accounts.ts";
import { enrolMany, newUser } from "../../lab/enrol_many.ts";
import { OpenvpnClient } from "../../lab/openvpn_client.ts";
import { OpenvpnServer } from "../../lab/openvpn_server.ts";
import { newName } from "../../lab/owner.ts";
import { startPamHelpers } from "../../lab/pam_helpers.ts";
import { makePamService, PERMISSIVE_RULES } from "../../lab/pam_service.ts";
import { admin, codeOf, enroll, keyFileOf, makeTestDirectory } from "../../lab/program.ts";
import { OPENVPN_LAB, testWith } from "../../lab/requirements.ts";
import { Serve } from "../../lab/serve.ts";

const LAB = [...OPENVPN_LAB, "systemd-socket-activate"] as const;

/** One service for several real servers. */
class Fleet implements AsyncDisposable {
  readonly db: string;
  readonly servers: readonly OpenvpnServer[];
  serve: Serve;
  readonly #stack: AsyncDisposableStack;
  readonly #args: readonly string[];

  private constructor(
    db: string,
    parts: Pick<Fleet, "servers" | "serve">,
    args: readonly string[],
    stack: AsyncDisposableStack,
  ) {
    this.db = db;
    this.servers = parts.servers;
    this.serve = parts.serve;
    this.#args = args;
    this.#stack = stack;
  }

  /** @param pamService a PAM service, if not the usual one */
  static async start(count: number, pamService?: string): Promise<Fleet> {
    await using stack = new AsyncDisposableStack();
    const { path: directory, db } = stack.use(await makeTestDirectory());
    const sockets = Array.from({ length: count }, (_, i) => `${directory}/server${i}.sock`);
    const servers: OpenvpnServer[] = [];
    for (const socket of sockets) {
      const lines = [`management ${socket} unix`, "management-client-auth"];
      servers.push(stack.use(await OpenvpnServer.start(lines)));
    }
    const pam = pamService === undefined ? {} : { totpPamService: pamService };
    const helpers = stack.use(await startPamHelpers(directory, pam));
    const file = `${directory}/serve.conf`;
    const settings = [
      ...[`totpTokenDbPath ${db}`, `totpKeyFile ${keyFileOf(db)}`, "totpDriftSteps 10"],
      ...Object.entries(pam).map(([name, value]) => `${name} ${value}`),
    ];
    await Deno.writeTextFile(file, settings.join("\n"));
    const args = [
      ...sockets.flatMap((socket) => ["--management", socket]),
      ...["--settings", file, "--pam-socket", helpers.socket],
    ];
    const serve = await Serve.start(args);
    const fleet = new Fleet(db, { servers, serve }, args, stack.move());
    await fleet.connected();
    return fleet;
  }

  /** Waits until the service has all servers. */
  async connected(): Promise<void> {
    for (let from = 0, left = this.servers.length; left > 0; left--) {
      await this.serve.log.waitFor(/ event=connected\b/, from);
      from = this.serve.log.seen.findIndex((line, i) =>
        i >= from && / event=connected\b/.test(line)
      ) + 1;
    }
  }

  /** Kills the service at once, and starts another. */
  async killAndRestart(): Promise<void> {
    this.serve.signal("SIGKILL");
    await this.serve.status;
    this.serve = await Serve.start(this.#args);
    await this.connected();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.serve[Symbol.asyncDispose]();
    await this.#stack.disposeAsync();
  }
}

testWith(LAB, "two real servers share one service: a code opens one of them, once", async () => {
  await using account = await makeAccount();
  await using fleet = await Fleet.start(2);
  const code = codeOf(await enroll(fleet.db, account.username));
  const [first, second] = fleet.servers;
  await using here = await OpenvpnClient.connect(first!, account);
  await here.challenge();
  await using there = await OpenvpnClient.connect(second!, account);
  await there.challenge();
  await here.answer(code);
  assert.equal((await here.outcome()).connected, true);
  await there.answer(code);
  const outcome = await there.outcome();
  assert(!outcome.connected);
  assert.match(outcome.reason, /already used/);
});

testWith(
  LAB,
  "a login goes on where OpenVPN or the service was started anew before it",
  async () => {
    await using account = await makeAccount();
    await using fleet = await Fleet.start(1);
    const [server] = fleet.servers;
    const secret = await enroll(fleet.db, account.username);
    const from = fleet.serve.log.seen.length;
    await server!.restart();
    await fleet.serve.log.waitFor(/ event=connected\b/, from);
    await using client = await OpenvpnClient.connect(server!, account);
    await client.challenge();
    await fleet.killAndRestart();
    await client.answer(codeOf(secret));
    assert.equal((await client.outcome()).connected, true);
    await fleet.killAndRestart();
    assert.equal(await client.ping(), true);
  },
);

testWith(
  LAB,
  "users log in again after SIGUSR1, though their clients get the ids of before",
  async () => {
    await using account = await makeAccount();
    await using fleet = await Fleet.start(1);
    const [server] = fleet.servers;
    const secret = await enroll(fleet.db, account.username);
    for (const offset of [0, 1]) {
      await using client = await OpenvpnClient.connect(server!, account);
      await client.challenge();
      await client.answer(codeOf(secret, offset));
      assert.equal((await client.outcome()).connected, true);
      await server!.restartWithin();
    }
  },
);

testWith(LAB, "fifty real clients at once are all let in", async () => {
  await using stack = new AsyncDisposableStack();
  // Fifty accounts would take longer to make than the clients take.
  const pam = stack.use(await makePamService(PERMISSIVE_RULES));
  const fleet = stack.use(await Fleet.start(1, pam.name));
  const [server] = fleet.servers;
  const users = Array.from({ length: 50 }, () => newUser(newName()));
  await enrolMany(fleet.db, keyFileOf(fleet.db), users);
  const clients = await Promise.all(
    users.map(async ({ username }) =>
      stack.use(await OpenvpnClient.connect(server!, { username, password: "any" }))
    ),
  );
  const outcomes = await Promise.all(clients.map(async (client, i) => {
    await client.challenge();
    await client.answer(codeOf(users[i]!.secret));
    return await client.outcome();
  }));
  assert.equal(outcomes.filter(({ connected }) => connected).length, 50);
  const { stdout } = await admin(fleet.db, ["log", "--outcome", "accepted", "--json"]);
  assert.equal(JSON.parse(stdout).length, 50);
});
