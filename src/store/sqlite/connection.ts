import { DatabaseSync, type StatementSync } from "node:sqlite";

/** More statements than a login has, in case that one is made of changing text. */
const MOST_KEPT = 200;

/**
 * A connection that keeps its prepared statements: a login uses the same ones again and again, and
 * preparing one takes longer than running it.
 */
export class Connection extends DatabaseSync {
  readonly #kept = new Map<string, StatementSync>();

  override prepare(sql: string): StatementSync {
    const kept = this.#kept.get(sql);
    if (kept !== undefined) return kept;
    const statement = super.prepare(sql);
    if (this.#kept.size < MOST_KEPT) this.#kept.set(sql, statement);
    return statement;
  }
}
