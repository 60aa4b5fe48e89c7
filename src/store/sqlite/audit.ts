import type { DatabaseSync } from "node:sqlite";
import { type AuditRule, bounded, type DecisionRecord } from "../../core/decision.ts";
import type { DecisionFilter } from "../enrolment_store.ts";

/** How many old rows go with each new one at most: one login must not pay for a whole day's. */
const PRUNED_AT_ONCE = 20;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Adds a row to the audit trail, and removes the oldest ones that the rule no longer keeps. */
export function recordDecision(
  connection: DatabaseSync,
  decision: DecisionRecord,
  rule: AuditRule,
): void {
  const row = bounded(decision);
  const { lastInsertRowid } = connection.prepare(
    `INSERT INTO decisions
       (at, login_name, username, address, common_name, step, outcome, accepted_by, reason, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
  );
  connection.prepare(
    `DELETE FROM decisions
     WHERE id IN (SELECT id FROM decisions ORDER BY id LIMIT ${PRUNED_AT_ONCE})
       AND (id <= :beyond OR at < :tooOld)`,
  ).run({
    beyond: Number(lastInsertRowid) - rule.maxRows,
    tooOld: decision.at - rule.maxDays * DAY_MS,
  });
}

/** How many rows are read at once. */
const PAGE = 1000;

/** Reads a page of the audit trail, oldest first: what comes after a row's id. */
export function decisionsAfter(
  connection: DatabaseSync,
  id: number,
  filter: DecisionFilter,
): { id: number; decision: DecisionRecord }[] {
  return connection.prepare(
    `SELECT * FROM decisions
     WHERE id > :id
       AND (:username IS NULL OR :username IN (username, login_name))
       AND (:since IS NULL OR at >= :since)
       AND (:outcome IS NULL OR outcome = :outcome)
     ORDER BY id LIMIT ${PAGE}`,
  ).all({
    id,
    username: filter.username ?? null,
    since: filter.since ?? null,
    outcome: filter.outcome ?? null,
  }).map((row) => ({ id: row.id as number, decision: decisionOf(row) }));
}

function decisionOf(row: Record<string, unknown>): DecisionRecord {
  return {
    at: row.at as number,
    loginName: row.login_name as string | null,
    username: row.username as string | null,
    address: row.address as string | null,
    commonName: row.common_name as string | null,
    step: row.step as DecisionRecord["step"],
    outcome: row.outcome as DecisionRecord["outcome"],
    by: row.accepted_by as string | null,
    reason: row.reason as string | null,
    detail: row.detail as string | null,
  };
}
