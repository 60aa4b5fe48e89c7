import assert from "node:assert/strict";
import { enrolMany, type NewUser, newUser } from "../lab/enrol_many.ts";
import { codeAt } from "../lab/login_rules.ts";
import { CLIENT, PASSWORD, ServiceRig } from "../lab/service_rig.ts";
import { report, times } from "./size.ts";

/** How many clients log in at once. */
const AT_ONCE = 8;

/** How often memory is looked at. */
const SAMPLES = 50;

/** After so many logins, the heap has the size that it keeps. */
const WARM_UP = 10_000;

/** What a garbage collector may leave from then on, as a share. */
const SLACK = 1.1;

/** The most at any time, in bytes. */
const MOST = 200 * 1024 * 1024;

const STEP_MS = 30_000;

/** The service's drift window, in steps. */
const DRIFT = 10;

Deno.test("the service's memory is flat, however many have logged in", async () => {
  const total = times(500);
  await using rig = await ServiceRig.start();
  const users = Array.from({ length: Math.ceil(total / 15) }, (_, n) => newUser(`user${n}`));
  await enrolMany(rig.db, rig.keyFile, users);
  const crowd = new Crowd(rig, users);
  const series: number[] = [rssOf(rig.serve.pid)];
  const start = performance.now();
  for (let sample = 1; sample <= SAMPLES; sample++) {
    await crowd.logIn(Math.round(total * sample / SAMPLES));
    series.push(rssOf(rig.serve.pid));
  }
  const seconds = (performance.now() - start) / 1000;
  const inMb = series.map((bytes) => Math.round(bytes / 1024 / 1024));
  report(`${crowd.done} logins in ${seconds.toFixed(0)} s; ${crowd.letIn} were let in`);
  report(`resident memory in MB, at rest and after each fiftieth: ${inMb.join(" ")}`);
  assert.deepEqual(rig.server.mistakes, []);
  assert(crowd.letIn > total / 2);
  assert(Math.max(...series) < MOST, `${inMb.join(" ")} MB`);
  const warm = series.slice(Math.ceil(SAMPLES * WARM_UP / total));
  // The lowest of some: what is between two collections is no growth.
  const [early, late] = [warm.slice(0, 5), warm.slice(-5)].map((some) => Math.min(...some));
  if (warm.length >= 10) assert(late! <= SLACK * early!, `${inMb.join(" ")} MB`);
});

/** Clients that log in one after the other, some with a wrong password or code, and leave. */
class Crowd {
  readonly #rig: ServiceRig;
  readonly #users: readonly NewUser[];
  readonly #lastSteps = new Map<string, number>();
  #begun = 0;
  done = 0;
  letIn = 0;

  constructor(rig: ServiceRig, users: readonly NewUser[]) {
    this.#rig = rig;
    this.#users = users;
  }

  /** Goes on until so many have logged in. */
  async logIn(count: number): Promise<void> {
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (this.#begun < count) await this.#one(this.#begun++);
    }));
  }

  async #one(n: number): Promise<void> {
    const { server } = this.#rig;
    const { username, secret } = this.#users[n % this.#users.length]!;
    const key = `${n} 1`;
    const more = { ...CLIENT, untrusted_ip: addressOf(n) };
    server.logIn(key, username, n % 20 === 7 ? "wrong" : PASSWORD, more);
    const [asked] = await server.word(key);
    if (asked === "client-pending-auth") {
      const code = codeAt(secret, this.#nextStep(username) * STEP_MS);
      server.answer(key, n % 20 === 13 ? "no code" : code, username, more);
      const [verdict] = await server.word(key);
      if (verdict === "client-auth-nt") this.letIn++;
    }
    server.leave(`${n}`);
    this.done++;
  }

  /** A step is good once, and for as long as it is in the drift window. */
  #nextStep(username: string): number {
    const now = Math.floor(Date.now() / STEP_MS);
    const step = Math.max((this.#lastSteps.get(username) ?? 0) + 1, now - DRIFT + 1);
    this.#lastSteps.set(username, step);
    return step;
  }
}

/** The resident memory of a process, in bytes. */
function rssOf(pid: number): number {
  const [, kib] = Deno.readTextFileSync(`/proc/${pid}/status`).match(/^VmRSS:\s+(\d+) kB$/m)!;
  return Number(kib) * 1024;
}

/** Each login comes from a network of its own: failures of others there would make it wait. */
function addressOf(n: number): string {
  return `${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.1`;
}
