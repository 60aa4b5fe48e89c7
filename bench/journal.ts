import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openDatabase } from "../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../src/store/sqlite/enrolment_store.ts";
import { mustRun } from "../tests/lab/command.ts";
import { makeTestDirectory } from "../tests/lab/program.ts";
import { ANY_KEYS, sealedEnrolment } from "../tests/lab/secrets.ts";

const LOGIN = fileURLToPath(new URL("journal_login.ts", import.meta.url));

/** How many processes log in one user each, one process after the other. */
const ROUNDS = 30;

/** How many processes run at once, and how many users each logs in. */
const WRITERS = 8;
const LOGINS_EACH = 20;
const ROUNDS_AT_ONCE = 3;

/**
 * The modes in which a commit survives a power cut, except DELETE with FULL: there the removal of
 * the journal may be lost, and the commit with it. EXTRA differs from FULL only in that.
 */
const MODES = [
  ["DELETE", "EXTRA"],
  ["DELETE", "FULL"],
  ["TRUNCATE", "FULL"],
  ["PERSIST", "FULL"],
  ["WAL", "FULL"],
] as const;

interface Contender {
  mode: string;
  synchronous: string;
  db: string;
  /** What processes measured that had the database to themselves. */
  alone: Measured[];
  atOnce: Measured[];
  left: string;
}

interface Measured {
  times: { password: number; code: number }[];
  locked: number;
}

/**
 * Measures the transactions of logins in SQLite's journal modes; each step opens and closes the
 * database itself. The modes take turns, so that changes in the machine's speed affect all of them
 * alike.
 */
export async function benchJournal(
  print: (line: string) => void,
): Promise<void> {
  await using directory = await makeTestDirectory();
  const users = ROUNDS + ROUNDS_AT_ONCE * WRITERS * LOGINS_EACH;
  const contenders: Contender[] = [];
  for (const [mode, synchronous] of MODES) {
    const db = `${directory.path}/${mode}-${synchronous}`;
    await makeDatabase(db, mode, users);
    contenders.push({ mode, synchronous, db, alone: [], atOnce: [], left: "" });
  }
  const logIn = async (
    { db, mode, synchronous }: Contender,
    first: number,
    count: number,
  ): Promise<Measured> => {
    const args = ["run", "--allow-all", "--no-check", LOGIN];
    const what = [db, mode, synchronous, String(first), String(count)];
    return JSON.parse(await mustRun(Deno.execPath(), [...args, ...what]));
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      contender.alone.push(await logIn(contender, round, 1));
    }
  }
  for (const contender of contenders) {
    contender.left = companionsOf(contender.db);
  }
  for (let i = 0; i < ROUNDS_AT_ONCE * WRITERS; i += WRITERS) {
    for (const contender of contenders) {
      const users = Array.from(
        { length: WRITERS },
        (_, n) => ROUNDS + (i + n) * LOGINS_EACH,
      );
      contender.atOnce.push(
        ...await Promise.all(
          users.map((first) => logIn(contender, first, LOGINS_EACH)),
        ),
      );
    }
  }
  print(
    `One login's transactions, each step's with opening and closing; alone: medians of ${ROUNDS} ` +
      `processes; at once: ${WRITERS} processes with ${LOGINS_EACH} logins each, ${ROUNDS_AT_ONCE} times\n`,
  );
  print(
    "| journal | synchronous | password step | code step | at once: median | p95 | worst | locked | left behind |",
  );
  print("|---|---|---|---|---|---|---|---|---|");
  for (const { mode, synchronous, alone, atOnce, left } of contenders) {
    const single = alone.flatMap(({ times }) => times);
    const both = atOnce.flatMap(({ times }) => times)
      .map(({ password, code }) => password + code)
      .toSorted((a, b) => a - b);
    const cells = [
      mode,
      synchronous,
      ms(middleOf(single.map(({ password }) => password))),
      ms(middleOf(single.map(({ code }) => code))),
      ms(middleOf(both)),
      ms(both[Math.floor(both.length * 0.95)]!),
      ms(both.at(-1)!),
      String(atOnce.reduce((sum, { locked }) => sum + locked, 0)),
      left,
    ];
    print(`| ${cells.join(" | ")} |`);
  }
}

/** Makes a database whose users share one secret. */
async function makeDatabase(
  path: string,
  mode: string,
  users: number,
): Promise<void> {
  {
    using database = await openDatabase(path, {
      create: true,
      busyTimeoutMs: 0,
    });
    const store = new SqliteEnrolmentStore(database);
    await database.read((connection) => connection.prepare("PRAGMA synchronous = OFF").run());
    for (let n = 0; n < users; n++) {
      const username = `user${n}`;
      await store.enrol(
        [await sealedEnrolment(username, new Uint8Array(20).fill(7))],
        { mayReplace: () => false, ...ANY_KEYS },
      );
    }
  }
  const connection = new DatabaseSync(path);
  connection.prepare(`PRAGMA journal_mode = ${mode}`).get();
  connection.close();
}

/** Lists the files beside a database that nobody is using. */
function companionsOf(db: string): string {
  const ends = ["-journal", "-wal", "-shm"].filter((end) => {
    try {
      return Deno.statSync(db + end).isFile;
    } catch {
      return false;
    }
  });
  return ends.length === 0 ? "nothing" : ends.join(", ");
}

function middleOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
