import type { DatabaseSync } from "node:sqlite";
import {
  type AuditRow,
  type AuditRule,
  bounded,
  type DecisionRecord,
  FOLDED_FOR_MS,
  foldOf,
} from "../../core/decision.ts";
import { DAY_MS, type EpochMs } from "../../core/epoch.ts";
import { PRUNED_AT_ONCE } from "../amounts.ts";
import type { DecisionFilter } from "../enrolment_store.ts";
import { decisionOf } from "../rows.ts";

/** Adds a decision to the audit trail, and removes the oldest rows that the rule no longer keeps. */
export function recordDecision(
  connection: DatabaseSync,
  decision: DecisionRecord,
  rule: AuditRule,
): void {
  const row = bounded(decision);
  const fold = foldOf(row);
  if (fold !== null && countAgain(connection, row, fold)) return;
  const number = nextNumber(connection, row.outcome);
  connection.prepare(
    `INSERT INTO decisions (at, login_name, username, address, common_name, step, outcome,
       accepted_by, reason, detail, number, fold)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    row.at,
    row.loginName,
    row.username,
    row.address,
    row.commonName,
    row.step,
    row.outcome,
    row.by,
    row.reason,
    row.detail,
    number,
    fold,
  );
  prune(connection, row, number, rule);
}

/** Counts a refusal in the row of an earlier one like it; false where there is none. */
function countAgain(connection: DatabaseSync, row: DecisionRecord, fold: string): boolean {
  const { changes } = connection.prepare(
    `UPDATE decisions SET count = count + 1, last_at = max(coalesce(last_at, at), :at), detail = :detail
     WHERE id = (SELECT max(id) FROM decisions WHERE fold = :fold)
       AND at > :since AND at <= :at`,
  ).run({ fold, at: row.at, detail: row.detail, since: row.at - FOLDED_FOR_MS });
  return changes !== 0;
}

/** Counts each outcome apart, as each has a bound of its own. */
function nextNumber(connection: DatabaseSync, outcome: DecisionRecord["outcome"]): number {
  const { last } = connection.prepare(
    "SELECT max(number) AS last FROM decisions WHERE outcome = ? AND number IS NOT NULL",
  ).get(outcome) as { last: number | null };
  return (last ?? 0) + 1;
}

function prune(
  connection: DatabaseSync,
  { at, outcome }: DecisionRecord,
  number: number,
  { maxDays, maxRows }: AuditRule,
): void {
  connection.prepare(
    `DELETE FROM decisions WHERE id IN
       (SELECT id FROM decisions WHERE outcome = :outcome AND number <= :beyond
        ORDER BY number LIMIT ${PRUNED_AT_ONCE})`,
  ).run({ outcome, beyond: number - maxRows });
  connection.prepare(
    `DELETE FROM decisions
     WHERE id IN (SELECT id FROM decisions ORDER BY id LIMIT ${PRUNED_AT_ONCE})
       AND coalesce(last_at, at) < ?`,
  ).run(at - maxDays * DAY_MS);
}

/** How many rows are read at once. */
export const PAGE = 1000;

/**
 * Reads a page of the audit trail, oldest first: what comes after a row's id.
 *
 * @param upTo the last id that may be in it
 */
export function decisionsAfter(
  connection: DatabaseSync,
  id: number,
  filter: DecisionFilter,
  upTo = Number.MAX_SAFE_INTEGER,
): NumberedDecision[] {
  return connection.prepare(
    `SELECT * FROM decisions WHERE id > :id AND id <= :upTo AND ${MATCHES} ORDER BY id LIMIT ${PAGE}`,
  ).all({ id, upTo, ...valuesOf(filter) }).map(numbered);
}

/** How many rows one statement looks at, since a login's commit waits for its end. */
const LOOKED_AT = 5000;

/**
 * Finds the rows from one id to another that stand for several decisions, the last of them since a
 * moment.
 */
export function decisionsGrown(
  connection: DatabaseSync,
  { from, upTo, since }: { from: number; upTo: number; since: EpochMs },
  filter: DecisionFilter,
): { id: number; count: number }[] {
  const statement = connection.prepare(
    `SELECT id, count FROM decisions
     WHERE id BETWEEN :from AND :upTo AND count > 1 AND last_at >= :lastAt AND ${MATCHES} ORDER BY id`,
  );
  const values = { lastAt: since, ...valuesOf(filter) };
  const found: { id: number; count: number }[] = [];
  for (let id = from; id <= upTo; id += LOOKED_AT) {
    const rows = statement.all({ from: id, upTo: Math.min(upTo, id + LOOKED_AT - 1), ...values });
    for (const row of rows) found.push({ id: row.id as number, count: row.count as number });
  }
  return found;
}

/** Reads rows by their ids; those that were removed are left out. */
export function decisionsWith(
  connection: DatabaseSync,
  ids: readonly number[],
): NumberedDecision[] {
  const statement = connection.prepare("SELECT * FROM decisions WHERE id = ?");
  return ids.map((id) => statement.get(id)).filter((row) => row !== undefined).map(numbered);
}

/** The id of the newest row; 0 where there is none. */
export function lastDecision(connection: DatabaseSync): number {
  return connection.prepare("SELECT coalesce(max(id), 0) AS id FROM decisions").get()!.id as number;
}

/** The first id from a row on whose decision was made after a moment; null where there is none. */
export function firstDecisionSince(
  connection: DatabaseSync,
  from: number,
  at: EpochMs,
): number | null {
  const row = connection.prepare(
    "SELECT id FROM decisions WHERE id >= ? AND at > ? ORDER BY id LIMIT 1",
  ).get(from, at);
  return row === undefined ? null : row.id as number;
}

/** A row of the audit trail with its id, which rises from row to row. */
export interface NumberedDecision {
  id: number;
  decision: AuditRow;
}

/** The rows that a filter lets through. */
const MATCHES = `(:username IS NULL OR :username IN (username, login_name))
  AND (:since IS NULL OR coalesce(last_at, at) >= :since)
  AND (:outcome IS NULL OR outcome = :outcome)`;

function valuesOf({ username = null, since = null, outcome = null }: Nullable<DecisionFilter>) {
  return { username, since, outcome };
}

type Nullable<T> = { [Key in keyof T]: T[Key] | null };

function numbered(row: Record<string, unknown>): NumberedDecision {
  return { id: row.id as number, decision: decisionOf(row) };
}
