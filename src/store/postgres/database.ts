import { placeText, type PostgresPlace } from "../../core/database_place.ts";
import { connect, lookAgain, requireSchema } from "./connect.ts";
import type { Connection, Row, Value } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { failureOf } from "./errors.ts";
import type { Link } from "./link.ts";
import { Links } from "./links.ts";
import { runTransaction } from "./transaction.ts";

/** What the stores need of a database: reads, and transactions. */
export interface Database {
  /** Runs reads outside of a transaction: each statement sees what has been committed by then. */
  read<T>(work: (connection: Connection) => Promise<T>): Promise<T>;

  /** Runs a transaction as `LoginStore.transaction` says. */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** How a database is used. */
export interface DatabaseUse {
  /** How many connections there may be at once. */
  connections: number;
  /**
   * How long to wait for the server, in milliseconds: for each piece of work, or for all together;
   * Infinity for work that may take its time.
   */
  waitMs: number;
  /** Whether {@link DatabaseUse.waitMs} is for all together, as one login does. */
  isForOneLogin: boolean;
}

/** Longest statement of work that may take its time. */
const UNHURRIED_MS = 10 * 60 * 1000;

/**
 * Longest pause within a transaction: when this machine stands still in one, others that wait for it
 * must still have time for their own.
 */
const LONGEST_PAUSE_MS = 2500;

/** A database on a PostgreSQL server. Connections are opened when they are needed. */
export class PostgresDatabase implements Database {
  readonly #place: PostgresPlace;
  readonly #use: DatabaseUse;
  readonly #links: Links;
  /** How much of the wait is used up. */
  #waitedMs = 0;

  constructor(place: PostgresPlace, use: DatabaseUse) {
    this.#place = place;
    this.#use = use;
    const statementMs = Math.min(use.waitMs, UNHURRIED_MS);
    const limits = { statementMs, pauseMs: Math.min(statementMs, LONGEST_PAUSE_MS) };
    this.#links = new Links({
      // Whoever may take time does not wait that long for a server that says nothing.
      open: (deadline) => connect(place, limits, deadline.atMost(place.timeoutMs)),
      tryAgain: (link, deadline) => lookAgain(link, place, deadline),
    }, use.connections);
  }

  read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#within(async (link, deadline) => {
      const reading = new ReadingConnection(link, deadline);
      const result = await work(reading);
      return { result, rest: reading.rest };
    });
  }

  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const requireKnown = (schema: Row | undefined) => requireSchema(schema, placeText(this.#place));
    return this.#within((link, deadline) => runTransaction(link, { work, requireKnown }, deadline));
  }

  /** Waits until everything that was asked for has ended. */
  settled(): Promise<void> {
    return this.#links.settled();
  }

  close(): void {
    this.#links.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #within<T>(
    work: (link: Link, deadline: Deadline) => Promise<{ result: T; rest: Promise<unknown> | null }>,
  ): Promise<T> {
    const { waitMs, isForOneLogin } = this.#use;
    const start = performance.now();
    const deadline = new Deadline(waitMs - (isForOneLogin ? this.#waitedMs : 0));
    try {
      return await this.#links.use(deadline, async (link) => {
        const done = await work(link, deadline);
        // A process that ends with its login has no later.
        if (isForOneLogin) await done.rest;
        return done;
      });
    } catch (error) {
      throw failureOf(error, placeText(this.#place));
    } finally {
      this.#waitedMs += performance.now() - start;
    }
  }
}

/** A connection outside of transactions. */
class ReadingConnection implements Connection {
  readonly #link: Link;
  readonly #deadline: Deadline;
  rest: Promise<unknown> | null = null;

  constructor(link: Link, deadline: Deadline) {
    this.#link = link;
    this.#deadline = deadline;
  }

  async run(sql: string, values: readonly Value[] = []) {
    return await this.#link.run(sql, values, this.#deadline);
  }

  afterwards(sql: string, values: readonly Value[] = []): void {
    this.rest = Promise.allSettled([this.rest, this.#link.run(sql, values, this.#deadline)]);
  }
}
