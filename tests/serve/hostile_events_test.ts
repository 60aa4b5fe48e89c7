import assert from "node:assert/strict";
import fc from "fast-check";
import { enrolMany, newUser } from "../lab/enrol_many.ts";
import { RUNS_FACTOR, SEED } from "../lab/fuzz.ts";
import { type HostileLogin, hostileLogin, POINTED_LOGINS } from "../lab/hostile_call.ts";
import { HostileEvents } from "../lab/hostile_events.ts";
import { HOSTILE_NAMES } from "../lab/hostile_names.ts";
import { ServiceRig } from "../lab/service_rig.ts";

const LOGINS = 150;

/** Resident memory, in KiB: what the program has at rest, and some. */
const MOST_KIB = 250 * 1024;

/** Logins in which everything that a client names itself could make a reader of the log err. */
const NAMED: HostileLogin[] = HOSTILE_NAMES.flatMap((name) =>
  ["username", "common_name", "IV_SSO", "untrusted_port"].map((variable) => {
    const [honest] = POINTED_LOGINS;
    const { answers, password } = honest!;
    const odd = { ...password, variables: [[variable, name] as [string, string]] };
    return { isOddThroughout: true, password: odd, answers };
  })
);

Deno.test("whatever clients send: one line each, no secret, one line of a command, and no wrong yes", async () => {
  await using rig = await ServiceRig.start({ settings: ["totpChallengeMethods crtext"] });
  const users = Array.from(
    { length: Math.ceil(LOGINS * RUNS_FACTOR) },
    (_, n) => newUser(`user${n}`),
  );
  await enrolMany(rig.db, rig.keyFile, users);
  // The lines after that are of logins.
  await rig.log.waitFor(/ event=connected\b/);
  const events = new HostileEvents(rig);
  await fc.assert(
    fc.asyncProperty(hostileLogin, (login) => events.play(login, users.pop()!)),
    {
      ...{ seed: SEED, numRuns: users.length, endOnFailure: true },
      examples: [...POINTED_LOGINS, ...NAMED].map((login): [HostileLogin] => [login]),
    },
  );
  assert(events.letIn > 5, `${events.letIn} were let in`);
  const status = await Deno.readTextFile(`/proc/${rig.serve.pid}/status`);
  assert(Number(status.match(/^VmHWM:\s+(\d+) kB$/m)![1]) < MOST_KIB);
});
