import assert from "node:assert/strict";
import { makeAccount } from "../lab/accounts.ts";
import { Dice } from "../lab/dice.ts";
import { SEED } from "../lab/fuzz.ts";
import { enroll, makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { IS_SOAK, quantile, report, times } from "./size.ts";
import { ADMIN_VICTIMS } from "./admin_victims.ts";
import { LOGIN_VICTIMS } from "./login_victims.ts";
import type { MakeVictim, Scene, Victim } from "./victims.ts";

/** All calls that change something. */
const VICTIMS = { ...ADMIN_VICTIMS, ...LOGIN_VICTIMS };

/** Exit status of a command that ended by SIGKILL. */
const KILLED = 128 + 9;

/** The last of a call, around its commit, in milliseconds: it gets as many kills as all before. */
const END_MS = 15;

/** System calls by which the program changes files. */
const WRITES = "openat,write,pwrite64,ftruncate,chmod,fchmod,mkdir,unlink,fsync,fdatasync,close";

testWith(
  ["root", "useradd"],
  "killed at any moment: what was done is whole, what was said is so, and the next call works",
  async () => {
    await atTheScene(async (scene) => {
      const dice = new Dice(SEED);
      for (const [name, make] of Object.entries(VICTIMS)) {
        const usual = await usualTime(make, scene);
        const tally = { before: 0, after: 0, ended: 0 };
        for (let i = 0; i < times(2); i++) {
          const from = i % 2 === 0 ? 1 : Math.max(1, usual - END_MS);
          const ms = dice.between(from, usual + 2);
          const victim = await make(scene);
          const wrap = ["timeout", "-s", "KILL", `${ms / 1000}`];
          const { output, isDone } = await kill(name, victim, wrap);
          if (output.status !== KILLED) tally.ended++;
          else if (isDone) tally.after++;
          else tally.before++;
        }
        report(
          `${name} (${usual.toFixed(0)} ms): ${tally.before} killed before the commit, ` +
            `${tally.after} after, ${tally.ended} had ended`,
        );
      }
    });
  },
);

testWith(
  ["root", "useradd", "strace"],
  "killed at each change of a file: what was done is whole, what was said is so, and the next call works",
  async () => {
    await atTheScene(async (scene) => {
      const dice = new Dice(SEED);
      // What is written beside the database, and the removal of the journal, which commits, come first.
      const orderOf = ([call]: Point) => call === "write" || call === "unlink" ? -1 : dice.next();
      for (const [name, make] of Object.entries(VICTIMS)) {
        // The first login after a while removes what has expired: the traced one is to be like the others.
        if (IS_SOAK) await usualTime(make, scene);
        const points = await pointsOf(name, await make(scene), scene);
        assert(points.length > 10, `${name} changes files`);
        const tally = { before: 0, after: 0, ended: 0 };
        const mixed = points.map((point) => ({ point, order: orderOf(point) }))
          .toSorted((a, b) => a.order - b.order);
        const turning = mixed.filter(({ order }) => order < 0).length;
        const chosen = IS_SOAK
          ? points.map((point) => ({ point }))
          : mixed.slice(0, turning + times(1));
        for (const { point } of chosen) {
          const victim = await make(scene);
          const [call, n] = point;
          const { output, isDone } = await kill(
            `${name}, ${call} ${n}`,
            victim,
            [
              ...strace(victim, "/dev/null"),
              ...["-e", `inject=${call}:signal=KILL:when=${n}`],
            ],
          );
          // A call may change its files in a few steps less than the one that was traced.
          if (output.status !== KILLED) tally.ended++;
          else if (isDone) tally.after++;
          else tally.before++;
        }
        report(
          `${name}: killed at ${chosen.length} of ${points.length} system calls, ` +
            `${tally.before} before the commit, ${tally.after} after`,
        );
        assert(tally.ended <= chosen.length / 5, "most were killed");
      }
    });
  },
);

async function atTheScene(work: (scene: Scene) => Promise<void>) {
  await using directory = await makeTestDirectory();
  await using account = await makeAccount();
  await enroll(directory.db, "bystander");
  await work({ directory: directory.path, db: directory.db, account });
}

/** Runs a call to where it is killed, then looks at what is left. */
async function kill(name: string, victim: Victim, wrap: readonly string[]) {
  const output = await victim.run(wrap);
  try {
    const isDone = await victim.check(output);
    const { status, stdout } = output;
    const saidSo = status === 0 || status === 2 || stdout !== "";
    assert(isDone || !saidSo, "done, as it said");
    return { output, isDone };
  } catch (error) {
    throw new Error(
      `after ${name} in ${wrap.join(" ")}, which ended with ${output.status}: ` +
        `${output.stdout}${output.stderr}`,
      { cause: error },
    );
  }
}

/** How long a call takes that isn't killed, in milliseconds; it must have done its work. */
async function usualTime(make: MakeVictim, scene: Scene): Promise<number> {
  const all: number[] = [];
  for (let i = 0; i < (IS_SOAK ? 3 : 1); i++) {
    const victim = await make(scene);
    const start = performance.now();
    const output = await victim.run(["timeout", "-s", "KILL", "100"]);
    all.push(performance.now() - start);
    assert(await victim.check(output), output.stderr);
  }
  return quantile(all, 0.5);
}

/** A system call, and the how manieth of its kind it is. */
type Point = [call: string, n: number];

/** Each system call by which a call changes its files. */
async function pointsOf(
  name: string,
  victim: Victim,
  { directory }: Scene,
): Promise<Point[]> {
  const trace = `${directory}/trace`;
  await kill(name, victim, strace(victim, trace));
  const counts = new Map<string, number>();
  const points: Point[] = [];
  for (const line of (await Deno.readTextFile(trace)).split("\n")) {
    const call = line.match(/^\d+ +(\w+)\(/)?.[1];
    if (call === undefined) continue;
    counts.set(call, (counts.get(call) ?? 0) + 1);
    points.push([call, counts.get(call)!]);
  }
  return points;
}

/** Only what is done to the files that matter; standard output is the call's word too. */
function strace({ files }: Victim, output: string): string[] {
  return [
    ...["strace", "-f", "-o", output, "-e", `trace=${WRITES}`],
    ...files.flatMap((file) => ["-P", file]),
  ];
}
