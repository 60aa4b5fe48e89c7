import assert from "node:assert/strict";
import { LoginSimulation } from "../../lab/login_simulation.ts";

/** The honest users of an office, and what they ran into. */
class Users {
  readonly names: string[];
  attempts = 0;
  refusals = 0;
  /** How long each login took after the right password was first given, in seconds. */
  readonly delays: number[] = [];

  constructor(readonly simulation: LoginSimulation, count: number, readonly address: string) {
    this.names = namesOf(count);
  }

  /** Lets each user log in within this time, some of them with a wrong password first. */
  comeWithin(seconds: number, { mistyping }: { mistyping: number }): void {
    this.names.forEach((user, i) => {
      const isMistaken = Math.floor(i * mistyping) !== Math.floor((i + 1) * mistyping);
      this.simulation.after(
        seconds * ((i * 7919) % this.names.length) / this.names.length,
        () => isMistaken ? this.#mistype(user) : this.#logIn(user, this.simulation.now),
      );
    });
  }

  async #mistype(user: string): Promise<void> {
    await this.simulation.login({ user, address: this.address, password: `mistyped ${user}` });
    this.simulation.after(20, () => this.#logIn(user, this.simulation.now));
  }

  async #logIn(user: string, since: number): Promise<void> {
    const login = { user, address: this.address, password: "right" };
    const { verdict, waitSeconds } = await this.simulation.login(login);
    this.attempts++;
    if (verdict.outcome === "accepted") {
      this.delays.push((this.simulation.now - since) / 1000);
      return;
    }
    assert(waitSeconds > 0, JSON.stringify(verdict));
    this.refusals++;
    this.simulation.after(waitSeconds, () => this.#logIn(user, since));
  }

  /** The share of right passwords that were refused, in per cent. */
  get refused(): number {
    return 100 * this.refusals / this.attempts;
  }
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `user${i}`);
}

const HOUR = 3600;

/** What somebody in the same network does, from a moment on. */
type Neighbour = (simulation: LoginSimulation, address: string) => void;

/** Clients that try the same old password again and again. */
const staleClients = (count: number): Neighbour => (simulation, address) => {
  for (let i = 0; i < count; i++) {
    const retry = async () => {
      const { waitSeconds } = await simulation.login({
        user: `stale${i}`,
        address,
        password: "old",
      });
      simulation.after(Math.max(60, waitSeconds), retry);
    };
    simulation.after(i * 3, retry);
  }
};

/** Somebody who guesses as fast as the program lets them, each time at another user. */
const stranger: Neighbour = (simulation, address) => {
  let guesses = 0;
  const guess = async () => {
    const { waitSeconds } = await simulation.login({
      user: `guessed${guesses++}`,
      address,
      password: `guess ${guesses}`,
    });
    simulation.after(Math.max(1, waitSeconds), guess);
  };
  simulation.after(1, guess);
};

const OFFICE = "192.0.2.1";

/** Who else is there, where the users are, and where the others are. */
const SITUATIONS: [string, Neighbour, string, string][] = [
  ["nobody else", () => {}, OFFICE, OFFICE],
  ["1 stale client", staleClients(1), OFFICE, OFFICE],
  ["2 stale clients", staleClients(2), OFFICE, OFFICE],
  ["3 stale clients", staleClients(3), OFFICE, OFFICE],
  ["5 stale clients", staleClients(5), OFFICE, OFFICE],
  ["a stranger behind the same NAT", stranger, OFFICE, OFFICE],
  ["a stranger in the same /64", stranger, "2001:db8::1", "2001:db8::2"],
  ["a stranger behind the same NAT64", stranger, "64:ff9b::c000:201", "64:ff9b::c000:202"],
];

/** How the users fare, in one situation. */
async function fare(
  [, neighbour, address, other]: typeof SITUATIONS[number],
  { seconds, isKnown, isExternal }: { seconds: number; isKnown: boolean; isExternal: boolean },
): Promise<Users> {
  const simulation = await LoginSimulation.start(namesOf(200), isExternal);
  try {
    if (isKnown) {
      new Users(simulation, 200, address).comeWithin(24 * HOUR, { mistyping: 0 });
      await simulation.run(48 * HOUR);
    }
    neighbour(simulation, other);
    await simulation.run(HOUR);
    const users = new Users(simulation, 200, address);
    users.comeWithin(seconds, { mistyping: 0.15 });
    await simulation.run(seconds + HOUR);
    return users;
  } finally {
    simulation[Symbol.dispose]();
  }
}

/** How a test says who the users are, in how much time all of them come, and who checks them. */
const DAYS = [
  { name: "known users on a day", seconds: 8 * HOUR, isKnown: true, isExternal: false },
  { name: "known users in a rush", seconds: 600, isKnown: true, isExternal: false },
  { name: "new users in a rush", seconds: 600, isKnown: false, isExternal: false },
  {
    name: "known users of another factor in a rush",
    seconds: 600,
    isKnown: true,
    isExternal: true,
  },
  { name: "new users of another factor in a rush", seconds: 600, isKnown: false, isExternal: true },
];

for (const { name, ...day } of DAYS) {
  for (const situation of SITUATIONS) {
    // New users share the wait of an attacked network: see the test below.
    if (!day.isKnown && situation[1] === stranger) continue;
    Deno.test(`of ${name}, beside ${situation[0]}, fewer than 0.5 % must wait`, async () => {
      const users = await fare(situation, day);
      assert.equal(users.delays.length, 200);
      assert(users.refused < 0.5, `${users.refused} %`);
    });
  }
}

Deno.test("in a network under attack, new users get in within the longest wait", async () => {
  const situation = SITUATIONS.find(([, neighbour]) => neighbour === stranger)!;
  const options = { seconds: 8 * HOUR, isKnown: false, isExternal: false };
  const { delays } = await fare(situation, options);
  assert.equal(delays.length, 200);
  assert(Math.max(...delays) <= 300, `${Math.max(...delays)} s`);
});

Deno.test("forty users of one address get in within five seconds, whatever checks the password", async () => {
  for (const isExternal of [false, true]) {
    using simulation = await LoginSimulation.start(namesOf(40), isExternal);
    const users = new Users(simulation, 40, OFFICE);
    users.comeWithin(5, { mistyping: 0 });
    await simulation.run(HOUR);
    assert.equal(users.delays.length, 40);
    assert.equal(users.refusals, 0);
  }
});

Deno.test("a connected client does not wait for the network that it has moved to", async () => {
  using simulation = await LoginSimulation.start(["alice"]);
  const alice = { user: "alice", address: "198.51.100.1", password: "right" };
  assert.equal((await simulation.login(alice)).verdict.outcome, "accepted");
  stranger(simulation, OFFICE);
  await simulation.run(24 * HOUR + 1);
  const moved = { ...alice, address: OFFICE };
  assert((await simulation.login(moved)).waitSeconds > 0);
  const renegotiated = await simulation.login({ ...moved, connectedFrom: alice.address });
  assert.equal(renegotiated.verdict.outcome, "accepted");
});
