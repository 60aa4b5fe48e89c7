import { createHash } from "node:crypto";
import {
  type AuditRow,
  type AuditRule,
  bounded,
  type DecisionRecord,
  FOLDED_FOR_MS,
  foldOf,
} from "../../core/decision.ts";
import { DAY_MS } from "../../core/epoch.ts";
import { PRUNED_AT_ONCE } from "../amounts.ts";
import type { Connection, Value } from "./connection.ts";

/** Counts the rows of each outcome apart, as each has a bound of its own. */
const NUMBERS: Record<AuditRow["outcome"], string> = {
  challenged: "openvpn_totp.challenged_numbers",
  accepted: "openvpn_totp.accepted_numbers",
  refused: "openvpn_totp.refused_numbers",
  unchanged: "openvpn_totp.unchanged_numbers",
};

/** Adds a decision to the audit trail, and removes the oldest rows that the rule no longer keeps. */
export async function recordDecision(
  connection: Connection,
  decision: DecisionRecord,
  rule: AuditRule,
): Promise<void> {
  const row = bounded(decision);
  const fold = foldOf(row);
  const number = fold === null
    ? await insert(connection, row)
    : await countAgainOrInsert(connection, row, fold);
  if (number !== null) prune(connection, row, number, rule);
}

/** @returns the row's number */
async function insert(connection: Connection, row: DecisionRecord): Promise<number> {
  const { rows } = await connection.run(
    `INSERT INTO openvpn_totp.decisions (at, login_name, username, address, common_name, step,
       outcome, accepted_by, reason, detail, number)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nextval($11::text::regclass))
     RETURNING number`,
    valuesOf(row),
  );
  return rows[0]!.number as number;
}

/**
 * Counts a refusal in the row of an earlier one like it; where there is none, it adds a row. The row is
 * found by its place (`ctid`): by its id, it would be read in a part of the index that all logins write,
 * and they would fail one another.
 *
 * @returns the number of the row that was added; null if none was
 */
async function countAgainOrInsert(
  connection: Connection,
  row: DecisionRecord,
  fold: string,
): Promise<number | null> {
  const { rows } = await connection.run(
    `WITH earlier AS (
       UPDATE openvpn_totp.decisions
       SET count = count + 1, last_at = greatest(coalesce(last_at, at), $1), detail = $10,
         xid = pg_current_xact_id()
       WHERE ctid = (SELECT ctid FROM openvpn_totp.decisions WHERE fold = $12
                     ORDER BY fold DESC, id DESC LIMIT 1)
         AND at > $13 AND at <= $1
       RETURNING id
     )
     INSERT INTO openvpn_totp.decisions (at, login_name, username, address, common_name, step,
       outcome, accepted_by, reason, detail, number, fold)
     SELECT $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text,
       $7::text, $8::text, $9::text, $10::text, nextval($11::text::regclass), $12::bytea
     WHERE NOT EXISTS (SELECT FROM earlier)
     RETURNING number`,
    [...valuesOf(row), hashOf(fold), row.at - FOLDED_FOR_MS],
  );
  return rows[0] === undefined ? null : rows[0].number as number;
}

function valuesOf(row: DecisionRecord): Value[] {
  return [
    ...[row.at, row.loginName, row.username, row.address, row.commonName, row.step],
    ...[row.outcome, row.by, row.reason, row.detail, NUMBERS[row.outcome]],
  ];
}

/** An index has little room, and these texts may be long. */
function hashOf(fold: string): Uint8Array {
  return createHash("sha256").update(fold).digest();
}

function prune(
  connection: Connection,
  { at, outcome }: DecisionRecord,
  number: number,
  { maxDays, maxRows }: AuditRule,
): void {
  connection.afterwards(
    `DELETE FROM openvpn_totp.decisions WHERE id = ANY (ARRAY(
       SELECT id FROM openvpn_totp.decisions WHERE outcome = $1 AND number <= $2
       ORDER BY number LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED))`,
    [outcome, number - maxRows],
  );
  connection.afterwards(
    `DELETE FROM openvpn_totp.decisions WHERE id = ANY (ARRAY(
       SELECT id FROM openvpn_totp.decisions
       ORDER BY id LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED))
       AND coalesce(last_at, at) < $1`,
    [at - maxDays * DAY_MS],
  );
}
