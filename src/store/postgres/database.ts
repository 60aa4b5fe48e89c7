import type { Connection } from "./connection.ts";

/** A database of ours, with a schema that this program may use. */
export interface Database {
  /** Runs statements outside of a transaction, each by itself (READ COMMITTED). */
  read<T>(work: (connection: Connection) => Promise<T>): Promise<T>;

  /**
   * Runs a transaction (SERIALIZABLE), more than once if others come between.
   *
   * @returns what `work` gives, after the commit
   */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}
