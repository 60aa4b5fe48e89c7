import { openLogins } from "../src/store/open_store.ts";
import { mustRun } from "../tests/lab/command.ts";
import { makeTestDirectory, on, PROGRAM } from "../tests/lab/program.ts";
import { ACTIVE_USERS, makeDatabaseOf } from "./enrolled_users.ts";
import { figure, median } from "./numbers.ts";
import type { Section } from "./report.ts";
import { TimedLogins } from "./store_time.ts";

const SIZES = [10, 10_000, 1_000_000];
const ROUNDS = 100;

/** What was measured on one database. */
interface Measured {
  size: number;
  path: string;
  logins: TimedLogins;
  right: number[];
  wrong: number[];
  unenrolled: number[];
}

/** Measures what logins and `list` cost with few and many users. */
export async function measureEnrolled(isQuick: boolean): Promise<Section[]> {
  await using directory = await makeTestDirectory();
  using stack = new DisposableStack();
  const all: Measured[] = [];
  for (const size of isQuick ? SIZES.slice(0, 2) : SIZES) {
    const path = `${directory.path}/${size}/db.sqlite3`;
    await makeDatabaseOf(path, size);
    const logins = stack.use(
      new TimedLogins(
        await openLogins({
          database: { engine: "sqlite", path },
          create: false,
          busyTimeoutMs: 2000,
        }),
      ),
    );
    all.push({ size, path, logins, right: [], wrong: [], unenrolled: [] });
  }
  await logIn(all);
  return [storeSection(all), await listSection(all)];
}

/** The databases take turns, so that changes in the machine's speed affect all of them alike. */
async function logIn(all: readonly Measured[]): Promise<void> {
  for (let round = -1; round < ROUNDS; round++) {
    const user = ACTIVE_USERS[(round + 1) % ACTIVE_USERS.length]!;
    for (const { logins, right, wrong, unenrolled } of all) {
      const times = [await logins.right(user), await logins.wrong(user)] as const;
      // The first round only warms up.
      if (round < 0) continue;
      right.push(times[0]);
      wrong.push(times[1]);
      unenrolled.push(await logins.unenrolled());
    }
  }
}

function storeSection(all: readonly Measured[]): Section {
  const { right, wrong } = all[0]!;
  return {
    title: "A login's cost against users enrolled",
    text: [
      `The time of a login apart from PAM, in one process on one open database (median of ${ROUNDS}). ` +
      "“Ratio” compares with the smallest database.",
    ],
    head: ["users", "both steps", "ratio", "wrong password", "ratio", "not enrolled"],
    rows: all.map((one) => [
      one.size.toLocaleString("en-GB"),
      figure(median(one.right), "ms"),
      figure(median(one.right) / median(right)),
      figure(median(one.wrong), "ms"),
      figure(median(one.wrong) / median(wrong)),
      figure(median(one.unenrolled), "ms"),
    ]),
    notes: [
      "Somebody who knows a password and is not enrolled is compared with the similar names ([why](" +
      "ARCHITECTURE.md)), which an index finds.",
    ],
  };
}

async function listSection(all: readonly Measured[]): Promise<Section> {
  const rows: string[][] = [];
  for (const { size, path } of all) {
    for (const [name, args] of [["list", []], ["list --json", ["--json"]]] as const) {
      const command = [PROGRAM, ...on(path), "list", ...args];
      const output = `${path}.time`;
      await mustRun("sh", [
        ...["-c", 'exec /usr/bin/time -o "$0" -f "%e %M" "$@" > /dev/null', output],
        ...command,
      ]);
      const [seconds, kib] = (await Deno.readTextFile(output)).split(" ").map(Number);
      rows.push([
        name,
        size.toLocaleString("en-GB"),
        figure(seconds!, "s"),
        figure(kib! / 1024, "MiB"),
      ]);
    }
  }
  return {
    title: "Listing users",
    text: ["Whole processes, output to `/dev/null`: time and peak memory."],
    head: ["", "users", "time", "memory"],
    rows,
  };
}
