import type { DatabaseSync } from "node:sqlite";
import {
  type PresentEnrolment,
  type RestoreChanges,
  restoreChanges,
  restored,
  type RestoreMoment,
  type Users,
} from "../../core/restore.ts";
import { enrolmentOf, exemptionOf, failuresOf } from "../rows.ts";
import type { Database } from "./database.ts";
import { ENROLMENTS } from "./enrolments_table.ts";
import { makeSimilarNames } from "./similar_names.ts";

/** What a restore replaces, in the order in which one table's rows name another's. */
const RESTORED = ["enrolments", "recovery_codes", "login_names", "exemptions"];

/** A row as it is written, by its columns. */
type Columns = Record<string, string | number | null | Uint8Array>;

/**
 * `Backup.changes`.
 *
 * @param live null where there is no database yet
 */
export async function compare(live: Database | null, backup: Database): Promise<RestoreChanges> {
  const present = await live?.read(usersIn) ?? { enrolled: [], exemptions: [] };
  return restoreChanges(present, await backup.read(usersIn));
}

/** Reads no whole enrolments: those of a damaged database must be replaceable, too. */
function usersIn(connection: DatabaseSync): Users {
  const all = (table: string) =>
    connection.prepare(`SELECT * FROM ${table} ORDER BY username`).all();
  return {
    enrolled: all("enrolments").map((row) => row.username as string),
    exemptions: all("exemptions").map(exemptionOf),
  };
}

/** `Backup.restore`, into a database. */
export async function restore(
  live: Database,
  backup: Database,
  moment: RestoreMoment,
): Promise<void> {
  const saved = await backup.read(savedIn);
  const hasTrail = await live.read(hasDecisions);
  // Read before the transaction, and only where they are wanted: there may be many.
  const decisions = hasTrail ? [] : await backup.read((from) => rowsOf(from, "decisions"));
  await live.transaction((connection) => {
    const present = new Map(rowsOf(connection, "enrolments").map((row) => [row.username, row]));
    const codes = rowsOf(connection, "recovery_codes");
    for (const table of RESTORED.toReversed()) connection.prepare(`DELETE FROM ${table}`).run();
    const kept = new Set<unknown>();
    for (const user of saved.enrolments) {
      const { columns, keepsRecoveryCodes } = merged(user, present.get(user.username), moment);
      if (keepsRecoveryCodes) kept.add(user.username);
      insert(connection, "enrolments", columns);
    }
    const isKept = ({ username }: Columns) => kept.has(username);
    insertAll(connection, "recovery_codes", [
      ...codes.filter(isKept),
      ...saved.codes.filter((code) => !isKept(code)),
    ]);
    insertAll(connection, "login_names", saved.loginNames);
    insertAll(connection, "exemptions", saved.exemptions);
    makeSimilarNames(connection);
    if (!hasDecisions(connection)) insertAll(connection, "decisions", decisions);
  });
}

/** All that a restore brings back. */
function savedIn(connection: DatabaseSync) {
  return {
    enrolments: rowsOf(connection, ENROLMENTS),
    codes: rowsOf(connection, "recovery_codes"),
    loginNames: rowsOf(connection, "login_names"),
    exemptions: rowsOf(connection, "exemptions"),
  };
}

function hasDecisions(connection: DatabaseSync): boolean {
  return connection.prepare("SELECT 1 FROM decisions LIMIT 1").get() !== undefined;
}

/** A saved row of {@link ENROLMENTS}, with what the rule says must stay as it is now. */
function merged(
  { recovery_codes, ...row }: Columns,
  present: Columns | undefined,
  moment: RestoreMoment,
): { columns: Columns; keepsRecoveryCodes: boolean } {
  const saved = enrolmentOf({ ...row, recovery_codes });
  const { failures, lastTimeStep, disabledAt, tokensValidFrom, keepsRecoveryCodes } = restored(
    saved,
    present === undefined ? null : presentOf(present),
    moment,
  );
  return {
    keepsRecoveryCodes,
    columns: {
      ...row,
      failures: failures.count,
      last_wrong: failures.lastWrong,
      last_wrong_at: failures.lastWrongAt,
      locks: failures.locks,
      locked_until: failures.lockedUntil,
      disabled_at: disabledAt,
      last_step: lastTimeStep,
      tokens_valid_from: tokensValidFrom,
    },
  };
}

function presentOf(row: Columns): PresentEnrolment {
  return {
    enrolledAt: row.enrolled_at as number,
    lastTimeStep: row.last_step as number | null,
    failures: failuresOf(row),
    disabledAt: row.disabled_at as number | null,
    periodSeconds: row.period as number,
  };
}

function rowsOf(connection: DatabaseSync, table: string): Columns[] {
  return connection.prepare(`SELECT * FROM ${table}`).all() as Columns[];
}

function insertAll(connection: DatabaseSync, table: string, rows: readonly Columns[]): void {
  for (const row of rows) insert(connection, table, row);
}

function insert(connection: DatabaseSync, table: string, row: Columns): void {
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join(", ");
  connection.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`)
    .run(...Object.values(row));
}
