import type { Connection, Result, Row, Value } from "./connection.ts";
import type { Deadline } from "./deadline.ts";
import { isToBeRepeated } from "./errors.ts";
import type { Link } from "./link.ts";

/**
 * Those that are tried beside others hold a lock that they can share; one that failed because of
 * others is tried again alone, so that it cannot fail again. The lock comes before the transaction's
 * first look at the data, which is of the moment when the lock was given. A program that changes the
 * schema is alone, too: the version that is found stays until the end.
 */
const BEGIN = {
  besideOthers: begin("ROW SHARE"),
  alone: begin("EXCLUSIVE"),
};

function begin(mode: string): string {
  return `BEGIN ISOLATION LEVEL SERIALIZABLE;
LOCK TABLE openvpn_totp.turns IN ${mode} MODE;
SELECT version, oldest_program FROM openvpn_totp.schema_version;`;
}

/** How often a transaction is tried at most: something else in the database may still come between. */
const MOST_TRIES = 5;

/** A statement that is run by itself after the commit. */
interface Later {
  sql: string;
  values: readonly Value[];
}

/** The connection of one try of a transaction. */
class TransactionConnection implements Connection {
  readonly later: Later[] = [];
  /** The first error that a statement gave: after that, the transaction cannot be committed. */
  failure: { error: unknown } | null = null;
  readonly #link: Link;
  readonly #deadline: Deadline;
  #isOver = false;

  constructor(link: Link, deadline: Deadline) {
    this.#link = link;
    this.#deadline = deadline;
  }

  async run(sql: string, values: readonly Value[] = []): Promise<Result> {
    if (this.#isOver) throw new Error("the transaction is over");
    try {
      return await this.#link.run(sql, values, this.#deadline);
    } catch (error) {
      this.failure ??= { error };
      throw error;
    }
  }

  afterwards(sql: string, values: readonly Value[] = []): void {
    this.later.push({ sql, values });
  }

  end(): void {
    this.#isOver = true;
  }
}

/** What is done in a transaction. */
export interface TransactionWork<T> {
  work(connection: Connection): Promise<T>;
  /** @throws Failure for a schema that this program must not change data in */
  requireKnown(schema: Row | undefined): void;
}

/** What a transaction gave, and what is still done after its commit; null for nothing. */
export interface Committed<T> {
  result: T;
  rest: Promise<unknown> | null;
}

/**
 * Runs work in a serialisable transaction (PostgreSQL, "Serializable Isolation Level"), and anew where
 * others came between. When it returns, the server has committed it.
 *
 * @throws what the work throws, or what went wrong with the server; nothing has changed then, unless the
 *   connection was lost during the commit, when nobody knows
 */
export async function runTransaction<T>(
  link: Link,
  work: TransactionWork<T>,
  deadline: Deadline,
): Promise<Committed<T>> {
  for (let tries = 1;; tries++) {
    try {
      const start = tries === 1 ? BEGIN.besideOthers : BEGIN.alone;
      return await tryTransaction(link, { ...work, start }, deadline);
    } catch (error) {
      if (!isToBeRepeated(error) || tries === MOST_TRIES) throw error;
    }
  }
}

async function tryTransaction<T>(
  link: Link,
  { work, requireKnown, start }: TransactionWork<T> & { start: string },
  deadline: Deadline,
): Promise<Committed<T>> {
  const connection = new TransactionConnection(link, deadline);
  // A commit that fails ends it as well.
  let isEnded = false;
  try {
    const { rows: [schema] } = await link.runAll(start, deadline);
    requireKnown(schema);
    const result = await work(connection);
    connection.end();
    // Work that goes on after an error has nothing to commit.
    if (connection.failure !== null) throw connection.failure.error;
    isEnded = true;
    await commit(link, deadline);
    return { result, rest: runLater(link, connection.later, deadline) };
  } catch (error) {
    connection.end();
    if (!isEnded) await rollBack(link, deadline);
    // What the work made of the server's error does not say whether to try again.
    throw isToBeRepeated(connection.failure?.error) ? connection.failure?.error : error;
  }
}

/** The server answers to COMMIT, but takes everything back, where the transaction has failed. */
async function commit(link: Link, deadline: Deadline): Promise<void> {
  const { command } = await link.runAll("COMMIT", deadline);
  if (command !== "COMMIT") throw new Error(`the transaction ended with ${command}`);
}

/** A connection that cannot be rolled back is closed, which has the server do it. */
async function rollBack(link: Link, deadline: Deadline): Promise<void> {
  if (link.isBroken) return;
  try {
    await link.runAll("ROLLBACK", deadline);
  } catch {
    link.close();
  }
}

/** Each by itself: one that fails takes nothing else with it. */
function runLater(
  link: Link,
  later: readonly Later[],
  deadline: Deadline,
): Promise<unknown> | null {
  if (later.length === 0) return null;
  return Promise.allSettled(later.map(({ sql, values }) => link.run(sql, values, deadline)));
}
