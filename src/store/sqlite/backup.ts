import type { DatabaseSync } from "node:sqlite";
import { Failure } from "../../core/failure.ts";
import { lstat } from "../../system/trusted_path.ts";
import { type Database, openDatabase } from "./database.ts";
import { failureOf } from "./errors.ts";
import { type DatabaseFile, prepareFile } from "./file.ts";

/** What a restore replaces, in the order in which one table's rows name another's. */
const RESTORED = ["enrolments", "recovery_codes", "login_names", "exemptions"];

/** Of an exemption, what somebody should know that it comes back. */
const EXEMPTION = "username || ' ' || ifnull(until, '') || ' ' || ifnull(network, '')";

/** How a backup is opened: nobody else uses the copy. */
const OPEN = { create: false, busyTimeoutMs: 0 };

type Row = Record<string, string | number | null | Uint8Array>;

/**
 * Opens a copy of a backup, with its schema brought up to date; the backup itself isn't touched.
 *
 * @param directory where the copy may lie for a moment
 * @throws Failure as {@link openDatabase}, and for a database that is in use
 */
export async function openBackup(
  path: string,
  directory: string,
): Promise<Database> {
  const file = requireDatabase(path);
  requireAlone(file.path);
  const place = Deno.makeTempDirSync({ dir: directory, prefix: ".restore-" });
  try {
    const copy = `${place}/copy`;
    Deno.copyFileSync(file.path, copy);
    Deno.chmodSync(copy, 0o600);
    return await openDatabase(copy, OPEN);
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    // What is open stays readable, and nothing is left if the process ends.
    Deno.removeSync(place, { recursive: true });
  }
}

/** {@link prepareFile}'s advice is for the database that logins use. */
function requireDatabase(path: string): DatabaseFile {
  try {
    return prepareFile(path, false);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "database_missing") {
      throw new Failure("input_error", `there is no backup at ${path}`);
    }
    if (error.code !== "database_foreign") throw error;
    throw new Failure(
      "input_error",
      `${path} is not a backup that openvpn-totp made`,
    );
  }
}

/** A database with its journal beside it was copied by hand while it was in use. */
function requireAlone(path: string): void {
  for (const end of ["-journal", "-wal"]) {
    if (lstat(path + end) === null) continue;
    throw new Failure(
      "database_error",
      `${path}${end} is there: ${path} is a database in use, not a backup`,
    );
  }
}

/**
 * Makes sure that a copy of a database is whole.
 *
 * @throws Failure `database_corrupt`
 */
export function requireWhole(database: Database, path: string): void {
  const isWhole = database.read((connection) =>
    connection.prepare("PRAGMA integrity_check").get()!.integrity_check ===
      "ok" &&
    connection.prepare("PRAGMA foreign_key_check").get() === undefined
  );
  if (isWhole) return;
  throw new Failure("database_corrupt", `${path} is not whole: take another`);
}

/** What else a restore would change than that something is there again. */
export interface RestoreChanges {
  /** Users who are enrolled again: they aren't now. */
  returning: string[];
  /** Users who lose their enrolment: they aren't in the backup. */
  going: string[];
  /** Users who need no code again, or for longer or from elsewhere than now. */
  exemptAgain: string[];
}

/**
 * Says what a restore would change.
 *
 * @param live null where there is no database yet
 */
export function compare(
  live: Database | null,
  backup: Database,
): RestoreChanges {
  const now = namesIn(live, "enrolments");
  const then = namesIn(backup, "enrolments");
  const exempt = namesIn(live, "exemptions", EXEMPTION);
  const exemptThen = namesIn(backup, "exemptions", EXEMPTION);
  return {
    returning: [...then.keys()].filter((name) => !now.has(name)),
    going: [...now.keys()].filter((name) => !then.has(name)),
    exemptAgain: [...exemptThen].filter(([name, what]) => exempt.get(name) !== what).map(([name]) =>
      name
    ),
  };
}

/** Usernames in a table, and what else of their rows counts. */
function namesIn(
  database: Database | null,
  table: string,
  what = "username",
): Map<string, string> {
  return database?.read((connection) =>
    new Map(
      connection.prepare(
        `SELECT username, ${what} AS what FROM ${table} ORDER BY username`,
      ).all().map((row) => [row.username as string, row.what as string]),
    )
  ) ?? new Map();
}

/**
 * Replaces the users of a database by a backup's, in one transaction, while logins go on. What came
 * after the backup and must not be undone stays: codes that were used stay used, who is disabled stays
 * so, failures stay counted, and the audit trail is as it was, if there is one. Recovery codes stay as
 * they are, too, but for who isn't enrolled now, or was enrolled anew. Challenges that wait for an
 * answer go.
 *
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 * @param driftSteps time steps ahead whose codes may have been used where nobody can say any more
 */
export function restore(
  live: Database,
  backup: Database,
  { nowMs, driftSteps }: { nowMs: number; driftSteps: number },
): Promise<void> {
  return live.transaction((connection) => {
    const before = new Map(
      rowsOf(connection, "enrolments").map((row) => [row.username, row]),
    );
    const codes = rowsOf(connection, "recovery_codes");
    const kept = new Set<Row[string] | undefined>();
    for (const table of RESTORED.toReversed()) {
      connection.prepare(`DELETE FROM ${table}`).run();
    }
    for (const row of backup.read((from) => rowsOf(from, "enrolments"))) {
      const earlier = before.get(row.username!);
      if (isSame(row, earlier)) kept.add(row.username);
      insert(connection, "enrolments", {
        ...row,
        ...failuresOf(earlier),
        disabled_at: row.disabled_at ?? earlier?.disabled_at ?? null,
        last_step: lastStepOf(row, earlier, nowMs, driftSteps),
      });
    }
    for (const code of codes) {
      if (kept.has(code.username)) insert(connection, "recovery_codes", code);
    }
    const rest = RESTORED.slice(1);
    if (rowsOf(connection, "decisions", 1).length === 0) rest.push("decisions");
    for (const table of rest) {
      for (const row of backup.read((from) => rowsOf(from, table))) {
        if (table === "recovery_codes" && kept.has(row.username)) continue;
        insert(connection, table, row);
      }
    }
  });
}

/** Says whether a user wasn't enrolled anew since: the secret is the same. */
function isSame(row: Row, earlier: Row | undefined): earlier is Row {
  return earlier !== undefined && earlier.enrolled_at === row.enrolled_at;
}

/** What is held against a user now, if they are enrolled. */
function failuresOf(earlier: Row | undefined): Row {
  if (earlier === undefined) return {};
  const { failures, last_wrong, last_wrong_at, locks, locked_until } = earlier;
  return { failures, last_wrong, last_wrong_at, locks, locked_until } as Row;
}

/**
 * The newest time step of the restored secret that may have been used. What is known of another secret
 * says nothing of it.
 */
function lastStepOf(
  row: Row,
  earlier: Row | undefined,
  nowMs: number,
  driftSteps: number,
): number | null {
  const periodMs = (row.period as number) * 1000;
  const own = row.last_step as number | null;
  if (!isSame(row, earlier)) {
    return Math.max(own ?? 0, Math.floor(nowMs / periodMs) + driftSteps);
  }
  if (earlier.last_step === null) return own;
  const usedUntilMs = (earlier.last_step as number + 1) *
    (earlier.period as number) * 1000;
  return Math.max(own ?? 0, Math.ceil(usedUntilMs / periodMs) - 1);
}

function rowsOf(connection: DatabaseSync, table: string, limit = -1): Row[] {
  return connection.prepare(`SELECT * FROM ${table} LIMIT ?`)
    .all(limit) as Row[];
}

function insert(connection: DatabaseSync, table: string, row: Row): void {
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join(", ");
  connection.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`,
  ).run(...Object.values(row));
}
