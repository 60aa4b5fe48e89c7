import type { AuditRow } from "../../core/decision.ts";
import type { DecisionFilter, DecisionFollower } from "../enrolment_store.ts";
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";
import { type ChangePlace, changesAfter, decisionsAfter, firstUnderWay } from "./trail.ts";

/**
 * {@link DecisionFollower} on PostgreSQL. Ids become visible in any order, so it follows transactions:
 * each row has the last one that changed it. First it gives the trail as it was before all transactions
 * that were still under way at the beginning, then all changes since, up to those that are under way.
 */
export class PostgresDecisionFollower implements DecisionFollower {
  readonly #database: Database;
  readonly #filter: DecisionFilter;
  /** The first transaction that may have been under way at the beginning. */
  #begin: string | null = null;
  /** Up to which id the trail of before was given; null: all of it. */
  #upTo: number | null = 0;
  /** Up to where changes were given. */
  #changes: ChangePlace | null = null;

  constructor(database: Database, filter: DecisionFilter) {
    this.#database = database;
    this.#filter = filter;
  }

  next(): Promise<AuditRow[]> {
    return this.#database.read(async (connection) => {
      this.#begin ??= await firstUnderWay(connection);
      return await this.#readTrail(connection, this.#begin) ??
        await this.#readChanges(connection, this.#begin);
    });
  }

  /** Gives null where the trail of before was given. */
  async #readTrail(connection: Connection, begin: string): Promise<AuditRow[] | null> {
    while (this.#upTo !== null) {
      const page = await decisionsAfter(connection, this.#upTo, this.#filter, begin);
      this.#upTo = page.upTo;
      if (page.decisions.length > 0) return page.decisions;
    }
    return null;
  }

  async #readChanges(connection: Connection, begin: string): Promise<AuditRow[]> {
    const after = this.#changes ?? { xid: begin, id: 0 };
    const { decisions, upTo } = await changesAfter(connection, after, this.#filter);
    this.#changes = upTo;
    return decisions;
  }
}
