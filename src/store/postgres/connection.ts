/** What a statement's parameter may be. Bytes are `bytea`, lists are arrays of `text` or `bigint`. */
export type Value =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly (string | number | null)[];

/** A row, by its columns' names: whole numbers are numbers, `bytea` is a `Uint8Array` of its own. */
export type Row = Record<string, unknown>;

/** What a statement gave. */
export interface Result {
  rows: Row[];
  /** How many rows it gave or changed. */
  count: number;
}

/** Runs statements, one after the other: those of one transaction, or each by itself. */
export interface Connection {
  /**
   * Runs one statement, with parameters `$1` and so on. Tables are named with their schema, as nothing
   * may depend on a `search_path`.
   */
  run(sql: string, values?: readonly Value[]): Promise<Result>;

  /**
   * Has a statement run by itself when the transaction has been committed, or at once outside of one.
   * It is for what may as well not happen, such as forgetting what is old: rows that everybody removes
   * would make transactions fail one another. Whether it succeeds, nobody learns.
   */
  afterwards(sql: string, values?: readonly Value[]): void;
}
