import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { Dice } from "../lab/dice.ts";
import { enrolMany, type NewUser, newUser } from "../lab/enrol_many.ts";
import { SEED } from "../lab/fuzz.ts";
import { kill, startPamHelpers } from "../lab/pam_helpers.ts";
import { makePamService, PLAIN_RULES } from "../lab/pam_service.ts";
import { codeOf, makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { CLIENT, PASSWORD, ServiceRig } from "../lab/service_rig.ts";
import { type Books, readBooks } from "./books.ts";
import { quantile, report, times } from "./size.ts";

/** How many log in at once, each for the first time. */
const AT_ONCE = 4;

/** A login that the service may be killed in the middle of. */
interface Login extends NewUser {
  key: string;
  address: string;
  /** What the client has sent or heard last. */
  at: "sent" | "challenged" | "answered" | "in";
}

Deno.test("a service killed at any moment: nobody is let in twice, and nothing that was said is lost", async () => {
  await using rig = await ServiceRig.start();
  const dice = new Dice(SEED);
  const clients = new Clients(rig);
  const usual = await usualTime(clients);
  const tally: Record<string, number> = {};
  for (let i = 0; i < times(15); i++) {
    const logins = await clients.begin();
    for (const login of logins) clients.logIn(login);
    await new Promise((resolve) => setTimeout(resolve, dice.between(0, usual)));
    await rig.kill();
    await rig.begin();
    const books = readBooks(rig.db);
    for (const login of logins) {
      const found = await clients.check(login, books);
      tally[found] = (tally[found] ?? 0) + 1;
    }
    assert.deepEqual(rig.server.mistakes, []);
  }
  clients.checkAll(readBooks(rig.db));
  report(`service killed ${times(15)} times (a login takes ${usual.toFixed(0)} ms):`);
  for (const [found, count] of Object.entries(tally)) report(`  ${count} ${found}`);
});

testWith(
  ["root", "useradd", "systemd-socket-activate"],
  "a PAM helper killed in the middle of a login touches that login alone",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    await using service = await makePamService(PLAIN_RULES);
    const variables = { totpPamService: service.name };
    await using helpers = await startPamHelpers(directory.path, variables);
    await using rig = await ServiceRig.start({
      pamSocket: helpers.socket,
      pamService: service.name,
    });
    const { server } = rig;
    const dice = new Dice(SEED);
    const code = await rig.enrol(account.username);
    const tally = { refused: 0, challenged: 0 };
    for (let i = 0; i < times(15); i++) {
      const more = { ...CLIENT, untrusted_ip: addressOf(i) };
      const send = (key: string) => server.logIn(key, account.username, account.password, more);
      send(`${i} 1`);
      send(`${i} 2`);
      await new Promise((resolve) => setTimeout(resolve, dice.between(0, 80)));
      const pids = helpers.pids();
      if (pids.length > 0) kill(dice.pick(pids));
      for (const key of [`${i} 1`, `${i} 2`]) {
        const [name] = await server.word(key);
        assert(name === "client-pending-auth" || name === "client-deny", name);
        tally[name === "client-deny" ? "refused" : "challenged"]++;
      }
      send(`${i} 3`);
      const [name] = await server.word(`${i} 3`);
      assert.equal(name, "client-pending-auth", "the next one finds a helper");
    }
    server.answer(`0 3`, code(), account.username, { ...CLIENT, untrusted_ip: addressOf(0) });
    assert.equal((await server.word("0 3"))[0], "client-auth-nt");
    assert.deepEqual(server.mistakes, []);
    assert(tally.refused <= times(15), "one helper has one login");
    report(`helper killed ${times(15)} times: ${JSON.stringify(tally)}`);
  },
);

/** Clients of a service, each with a user and a network of its own. */
class Clients {
  readonly #rig: ServiceRig;
  readonly #all: NewUser[] = [];
  #keys = 0;

  constructor(rig: ServiceRig) {
    this.#rig = rig;
  }

  /** New users, and their logins. */
  async begin(): Promise<Login[]> {
    const users = Array.from(
      { length: AT_ONCE },
      (_, n) => newUser(`user${this.#all.length + n}`),
    );
    this.#all.push(...users);
    await enrolMany(this.#rig.db, this.#rig.keyFile, users);
    return users.map((user) => ({
      ...user,
      key: this.#newKey(),
      address: addressOf(this.#keys),
      at: "sent" as const,
    }));
  }

  /** A whole login; it does not end if the service is killed. */
  async logIn(login: Login): Promise<void> {
    const { server } = this.#rig;
    server.logIn(login.key, login.username, PASSWORD, this.#from(login));
    assert.equal((await server.word(login.key))[0], "client-pending-auth");
    login.at = "challenged";
    await this.answer(login);
  }

  async answer(login: Login): Promise<void> {
    const { server } = this.#rig;
    server.answer(login.key, codeOf(login.secret), login.username, this.#from(login));
    login.at = "answered";
    assert.equal((await server.word(login.key))[0], "client-auth-nt");
    login.at = "in";
  }

  /** Goes on with a login where the service was killed, to its end; says where that was. */
  async check(login: Login, books: Books): Promise<string> {
    const rows = acceptedRows(books, login.username);
    const attempt = [...books.challenges.keys()].find((id) => id.endsWith(` ${login.key}`));
    const challenge = attempt === undefined ? undefined : books.challenges.get(attempt);
    const isUsed = books.enrolments.get(login.username)!.last_step !== null;
    assert.equal(rows, isUsed ? 1 : 0);
    assert.equal(challenge?.answer === "accepted", isUsed);
    if (login.at !== "sent") assert(challenge !== undefined, "what was asked for is there");
    if (login.at === "in") {
      assert(isUsed, "what was said is so");
      return "were in";
    }
    // Nobody lets this client in, as its code is used up; OpenVPN ends it.
    if (isUsed) return "were accepted, and were not told";
    const found = login.at;
    // OpenVPN sends nothing again: the client comes anew, or answers what it was asked.
    if (login.at === "sent" || challenge === undefined) {
      login.key = this.#newKey();
      await this.logIn(login);
    } else await this.answer(login);
    return found === "sent" ? "had no word" : `were ${found}`;
  }

  /** Each user was accepted once. */
  checkAll(books: Books): void {
    for (const { username } of this.#all) assert.equal(acceptedRows(books, username), 1, username);
  }

  #newKey(): string {
    return `${this.#keys++} 1`;
  }

  #from({ address }: Login): Record<string, string> {
    return { ...CLIENT, untrusted_ip: address };
  }
}

/** How long logins take when nobody is killed, in milliseconds. */
async function usualTime(clients: Clients): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < 3; i++) {
    const logins = await clients.begin();
    const start = performance.now();
    await Promise.all(logins.map((login) => clients.logIn(login)));
    all.push(performance.now() - start);
  }
  return quantile(all, 0.5);
}

function acceptedRows({ decisions }: Books, username: string): number {
  return decisions.filter((row) => row.username === username && row.outcome === "accepted").length;
}

/** Each login comes from a network of its own: failures of others there would make it wait. */
function addressOf(n: number): string {
  return `10.${(n >> 8) & 255}.${n & 255}.1`;
}
