import type { Enrolment } from "../core/enrolment.ts";
import { Failure } from "../core/failure.ts";
import type { CopiedRow, CopiedTable } from "./copied_tables.ts";
import { secretOf } from "./rows.ts";

export {
  type ColumnType,
  COPIED_TABLES,
  type CopiedRow,
  type CopiedTable,
} from "./copied_tables.ts";

/** How many rows of each table there are, by the tables' names. */
export type RowCounts = ReadonlyMap<string, number>;

/** A store of one moment, to copy from; it is closed with its scope. */
export interface CopySource extends Disposable {
  counts(): Promise<RowCounts>;

  /** All rows of a table, some at a time: the audit trail's oldest first. */
  rows(table: CopiedTable): AsyncIterable<readonly CopiedRow[]>;
}

/** An empty store to copy to; it is closed with its scope. */
export interface CopyTarget extends Disposable {
  /**
   * Fills it in one transaction, of which nothing stays if `work` fails.
   *
   * @throws Failure `database_error` where it is not empty; as opening a store; what `work` throws
   */
  fill<T>(work: (filling: CopyFilling) => Promise<T>): Promise<T>;
}

/** A store while it is filled. */
export interface CopyFilling {
  /** Adds rows of a table, in this order. */
  add(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void>;

  /** How many rows there are by now. */
  counts(): Promise<RowCounts>;

  /** Everybody's secrets as they are there by now, some at a time. */
  secrets(): AsyncIterable<CopiedUser[]>;
}

/** A user's secret in a copy. */
export type CopiedUser = Pick<Enrolment, "username" | "secret">;

/** Reads the user and the secret out of a row of `enrolments`. */
export function userOf(row: Readonly<Record<string, unknown>>): CopiedUser {
  return { username: row.username as string, secret: secretOf(row) };
}

/** What {@link CopyTarget.fill} throws. */
export function notEmpty(place: string, table: string): Failure {
  return new Failure(
    "database_error",
    `${place} is not empty (${table}), and a copy replaces nothing: choose another place`,
  );
}

/** The first table with rows in it; undefined where there is none. */
export function firstWithRows(counts: RowCounts): string | undefined {
  return [...counts].find(([, count]) => count > 0)?.[0];
}

/** How many rows go at once. */
export const COPIED_AT_ONCE = 5000;
