import { placeText, type PostgresHost, type PostgresPlace } from "../../core/database_place.ts";
import { Failure } from "../../core/failure.ts";
import type { Result, Row, Value } from "./connection.ts";
import { errorOfHosts, openLink, requireSchema } from "./connect.ts";
import { Deadline } from "./deadline.ts";
import { failureOf } from "./errors.ts";
import type { Link } from "./link.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { PLAIN_VALUES } from "./session.ts";

/** How long a lock that logins may hold is waited for, in milliseconds: logins wait behind it. */
const LOCK_MS = 10_000;

const SESSION = `SET statement_timeout = 0;
SET lock_timeout = ${LOCK_MS};
SET idle_in_transaction_session_timeout = 0;
${PLAIN_VALUES}
SET client_min_messages = error;
SET search_path = pg_catalog, pg_temp;
SET synchronous_commit = on;`;

/**
 * One connection for an administrator's work, which may take its time, whatever is in the database. A
 * transaction that was not committed is taken back when it is closed.
 */
export class Maintenance implements Disposable {
  /** The host that it is connected to. */
  readonly host: PostgresHost;
  readonly #link: Link;
  readonly #place: string;

  private constructor(link: Link, host: PostgresHost, place: string) {
    this.#link = link;
    this.host = host;
    this.#place = place;
  }

  /**
   * Connects to the first host that will do.
   *
   * @throws Failure that says what is wrong with each host
   */
  static async open(place: PostgresPlace): Promise<Maintenance> {
    const errors: unknown[] = [];
    for (const host of place.hosts) {
      try {
        return await Maintenance.#openAt(host, place);
      } catch (error) {
        errors.push(error);
      }
    }
    throw errorOfHosts(errors);
  }

  static async #openAt(host: PostgresHost, place: PostgresPlace): Promise<Maintenance> {
    const text = placeText({ ...place, hosts: [host] });
    const deadline = new Deadline(place.timeoutMs);
    let link: Link | null = null;
    try {
      ({ link } = await openLink(host, place, { start: SESSION, deadline }));
      const maintenance = new Maintenance(link, host, text);
      if (place.needsWrites) await maintenance.#requireWrites();
      return maintenance;
    } catch (error) {
      link?.close();
      throw failureOf(error, text);
    }
  }

  /**
   * Runs one statement.
   *
   * @throws Failure
   */
  run(sql: string, values: readonly Value[] = []): Promise<Result> {
    return this.#told(this.#link.run(sql, values, new Deadline(Infinity)));
  }

  /**
   * Runs one statement that gives one row.
   *
   * @throws Failure
   */
  async row(sql: string, values: readonly Value[] = []): Promise<Row> {
    const { rows: [row] } = await this.run(sql, values);
    return row!;
  }

  /**
   * Runs several statements without parameters.
   *
   * @throws Failure
   */
  async runAll(sql: string): Promise<void> {
    await this.#told(this.#link.runAll(sql, new Deadline(Infinity)));
  }

  /**
   * Makes sure that there is a schema of just the version that this program knows.
   *
   * @throws Failure `database_missing`, `database_older`, `database_newer`
   */
  async requireSameSchema(): Promise<void> {
    const found = await this.row("SELECT version, oldest_program FROM openvpn_totp.schema_version");
    requireSchema(found, this.#place);
    if (found.version === SCHEMA_VERSION) return;
    throw new Failure(
      "database_newer",
      `${this.#place} has schema version ${found.version}, and this program knows nothing of ` +
        `what is newer than version ${SCHEMA_VERSION}: use the newer openvpn-totp for this`,
    );
  }

  [Symbol.dispose](): void {
    this.#link.close();
  }

  async #requireWrites(): Promise<void> {
    const { read_only } = await this.row(
      "SELECT current_setting('transaction_read_only') = 'on' AS read_only",
    );
    if (read_only !== true) return;
    throw new Failure(
      "database_readonly",
      `${this.#place} takes no writes: it is a replica, or read-only`,
    );
  }

  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw failureOf(error, this.#place);
    }
  }
}
