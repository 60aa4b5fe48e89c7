import type { AuditRow } from "../../core/decision.ts";
import type { DecisionFilter } from "../enrolment_store.ts";
import { decisionOf } from "../rows.ts";
import { DECISION } from "./columns.ts";
import type { Connection, Value } from "./connection.ts";

/** How many rows are given at once. */
export const PAGE = 1000;

/** How many rows one statement looks at, since it must not take longer than statements may. */
const LOOKED_AT = 20_000;

/** Rows of the audit trail, and where to go on. */
export interface TrailPage {
  decisions: AuditRow[];
  /** The last id that was looked at; null where there are no more rows. */
  upTo: number | null;
}

/**
 * Reads a page of the audit trail, in the order of ids: what comes after a row's id. A page may be empty
 * before the end.
 *
 * @param before only rows that were last changed before this transaction; null for all
 */
export async function decisionsAfter(
  connection: Connection,
  id: number,
  filter: DecisionFilter,
  before: string | null = null,
): Promise<TrailPage> {
  const { rows: [last] } = await connection.run(
    `SELECT max(id) AS id FROM
       (SELECT id FROM openvpn_totp.decisions WHERE id > $1 ORDER BY id LIMIT ${LOOKED_AT}) AS next`,
    [id],
  );
  const upTo = last!.id as number | null;
  if (upTo === null) return { decisions: [], upTo };
  const { sql, values } = conditionsOf(filter, [id, upTo, before]);
  const { rows } = await connection.run(
    `SELECT ${DECISION} FROM openvpn_totp.decisions
     WHERE id > $1 AND id <= $2 AND ($3::xid8 IS NULL OR xid < $3) ${sql}
     ORDER BY id LIMIT ${PAGE}`,
    values,
  );
  const isFull = rows.length === PAGE;
  return {
    decisions: rows.map(decisionOf),
    upTo: isFull ? rows.at(-1)!.id as number : upTo,
  };
}

/** A place in the order of changes: a transaction, and the id of a row that it changed. */
export interface ChangePlace {
  xid: string;
  id: number;
}

/** What has changed in the audit trail, and where to go on. */
export interface ChangePage {
  decisions: AuditRow[];
  upTo: ChangePlace;
}

/** The first transaction that may still be under way: all before it have ended. */
export async function firstUnderWay(connection: Connection): Promise<string> {
  const { rows } = await connection.run(
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid",
  );
  return rows[0]!.xid as string;
}

/**
 * Reads a page of changes, in the order of the transactions that made them: those after a place, of
 * transactions before which none is under way any more. None can appear among them later.
 */
export async function changesAfter(
  connection: Connection,
  { xid, id }: ChangePlace,
  filter: DecisionFilter,
): Promise<ChangePage> {
  const { sql, values } = conditionsOf(filter, [xid, id]);
  // One statement: rows and transactions are of one moment. A replica that lags goes back no place.
  const { rows } = await connection.run(
    `SELECT ${DECISION}, changes.xid::text AS changed_by, horizon.xid::text AS horizon
     FROM (SELECT greatest($1::xid8, pg_snapshot_xmin(pg_current_snapshot())) AS xid) AS horizon
     LEFT JOIN LATERAL (
       SELECT ${DECISION}, xid FROM openvpn_totp.decisions
       WHERE (decisions.xid, id) > ($1::xid8, $2::bigint)
         AND decisions.xid < pg_snapshot_xmin(pg_current_snapshot()) ${sql}
       ORDER BY decisions.xid, id LIMIT ${PAGE}
     ) AS changes ON true
     ORDER BY changes.xid, changes.id`,
    values,
  );
  const found = rows.filter((row) => row.id !== null);
  const last = rows.at(-1)!;
  const upTo = found.length === PAGE
    ? { xid: last.changed_by as string, id: last.id as number }
    : { xid: last.horizon as string, id: 0 };
  return { decisions: found.map(decisionOf), upTo };
}

/** What a filter lets through, as conditions that are added to a statement with some values. */
function conditionsOf(
  { username, since, outcome }: DecisionFilter,
  values: readonly Value[],
): { sql: string; values: Value[] } {
  const conditions: [sql: (place: string) => string, value: Value | undefined][] = [
    [(place) => `AND ${place} IN (username, login_name)`, username],
    [(place) => `AND coalesce(last_at, at) >= ${place}`, since],
    [(place) => `AND outcome = ${place}`, outcome],
  ];
  const all = [...values];
  let sql = "";
  for (const [condition, value] of conditions) {
    if (value === undefined) continue;
    all.push(value);
    sql += ` ${condition(`$${all.length}`)}`;
  }
  return { sql, values: all };
}
