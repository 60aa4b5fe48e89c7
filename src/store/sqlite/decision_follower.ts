import type { DatabaseSync } from "node:sqlite";
import { type AuditRow, FOLDED_FOR_MS } from "../../core/decision.ts";
import type { EpochMs } from "../../core/epoch.ts";
import type { DecisionFilter, DecisionFollower } from "../enrolment_store.ts";
import {
  decisionsAfter,
  decisionsGrown,
  decisionsWith,
  firstDecisionSince,
  lastDecision,
  type NumberedDecision,
  PAGE,
} from "./audit.ts";
import type { Database } from "./database.ts";

/** Far longer than a login takes from its decision's moment to the commit. */
const LATE_MS = 60 * 1000;

/** {@link DecisionFollower} on SQLite. */
export class SqliteDecisionFollower implements DecisionFollower {
  readonly #database: Database;
  readonly #filter: DecisionFilter;
  /** Rows up to this id were given, unless the filter held them back. */
  #upTo = 0;
  /** Rows before this id grow no more. */
  #youngFrom = 0;
  /** For how many decisions the rows from there on stood that were given. */
  readonly #counts = new Map<number, number>();
  /** The whole trail was given once. */
  #isGiven = false;
  /** The database's state when nothing was new in it. */
  #seen = "";
  /** When growth was last looked for. */
  #lookedAt: EpochMs = 0;

  constructor(database: Database, filter: DecisionFilter) {
    this.#database = database;
    this.#filter = filter;
  }

  next(now: EpochMs): Promise<AuditRow[]> {
    return this.#database.read((connection) => {
      // Read before the rows: what is committed in between shows another state next time.
      const state = stateOf(connection);
      if (state === this.#seen) return [];
      const grown = this.#readGrown(connection);
      const added = this.#readAdded(connection);
      if (added.length < PAGE) {
        // What grew while the trail was given is looked for the next time.
        if (this.#isGiven) {
          this.#seen = state;
          this.#lookedAt = now;
        }
        this.#isGiven = true;
      }
      this.#forgetOld(connection, now);
      const found = [...grown, ...added].filter(({ id }) => id >= this.#youngFrom);
      for (const { id, decision } of found) this.#counts.set(id, decision.count);
      return [...grown, ...added].map(({ decision }) => decision);
    });
  }

  #readAdded(connection: DatabaseSync): NumberedDecision[] {
    const last = lastDecision(connection);
    const added = decisionsAfter(connection, this.#upTo, this.#filter, last);
    this.#upTo = added.length < PAGE ? Math.max(this.#upTo, last) : added.at(-1)!.id;
    return added;
  }

  /** What grew, of the rows that were given, or that the filter's moment held back until now. */
  #readGrown(connection: DatabaseSync): NumberedDecision[] {
    // Until the whole trail was given, it would be looked for again with each page.
    if (!this.#isGiven) return [];
    const range = { from: this.#youngFrom, upTo: this.#upTo, since: this.#lookedAt - LATE_MS };
    const grown = decisionsGrown(connection, range, this.#filter)
      .filter(({ id, count }) => count > (this.#counts.get(id) ?? 0));
    return decisionsWith(connection, grown.map(({ id }) => id));
  }

  #forgetOld(connection: DatabaseSync, now: EpochMs): void {
    const oldest = now - FOLDED_FOR_MS - LATE_MS;
    this.#youngFrom = firstDecisionSince(connection, this.#youngFrom, oldest) ?? this.#upTo + 1;
    for (const id of this.#counts.keys()) {
      if (id >= this.#youngFrom) return;
      this.#counts.delete(id);
    }
  }
}

/** Changes with every commit, of other connections and of this one; cheap to read. */
function stateOf(connection: DatabaseSync): string {
  const { data_version } = connection.prepare("PRAGMA data_version").get()!;
  const { changes } = connection.prepare("SELECT total_changes() AS changes").get()!;
  return `${data_version} ${changes}`;
}
