import type { DatabaseSync } from "node:sqlite";
import { followTrusted, parentOf } from "../../system/trusted_path.ts";
import {
  COPIED_AT_ONCE,
  COPIED_TABLES,
  type CopiedRow,
  type CopiedTable,
  type CopyFilling,
  type CopySource,
  type CopyTarget,
  firstWithRows,
  notEmpty,
  type RowCounts,
  userOf,
} from "../copy.ts";
import { type Database, openDatabase } from "./database.ts";
import { failureOf } from "./errors.ts";

/** How long another process's transaction is waited for, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/** {@link CopySource} of a file: a copy of it beside it, as logins would wait for a long read. */
export class SqliteCopySource implements CopySource {
  readonly #copy: Database;

  private constructor(copy: Database) {
    this.#copy = copy;
  }

  /**
   * @param path absolute
   * @throws Failure
   */
  static async open(path: string): Promise<SqliteCopySource> {
    using database = await openDatabase(path, { create: false, busyTimeoutMs: BUSY_TIMEOUT_MS });
    const directory = parentOf(followTrusted(path).path);
    try {
      const place = Deno.makeTempDirSync({ dir: directory, prefix: ".copy-" });
      try {
        const copy = `${place}/copy`;
        Deno.openSync(copy, { write: true, createNew: true, mode: 0o600 }).close();
        await database.copyTo(copy);
        const opened = await openDatabase(copy, { create: false, busyTimeoutMs: 0 });
        await opened.read(neverLookAgain);
        return new SqliteCopySource(opened);
      } finally {
        // What is open stays readable, and nothing is left if the process ends.
        Deno.removeSync(place, { recursive: true });
      }
    } catch (error) {
      throw failureOf(error, path);
    }
  }

  counts(): Promise<RowCounts> {
    return this.#copy.read(countsIn);
  }

  async *rows({ name, columns, order }: CopiedTable): AsyncGenerator<CopiedRow[]> {
    const sql = `SELECT ${Object.keys(columns).join(", ")} FROM ${name} ORDER BY ${
      order.join(", ")
    }`;
    yield* pages(await this.#copy.read((connection) => connection.prepare(sql).iterate()));
  }

  [Symbol.dispose](): void {
    this.#copy.close();
  }
}

/**
 * Has SQLite look for a journal now and never again. The directory may belong to another user, whose
 * rights end with the opening: a journal that is put there later, beside a link to the same file, could
 * have root delete any file (SQLite's file format, "super-journal").
 */
function neverLookAgain(connection: DatabaseSync): void {
  connection.prepare("PRAGMA journal_mode = MEMORY").get();
  connection.exec("BEGIN");
  countsIn(connection);
}

/** {@link CopyTarget} in a file, which is made where there is none. */
export class SqliteCopyTarget implements CopyTarget {
  readonly #path: string;
  readonly #database: Database;
  /** Whether the file is to be removed in the end, as it was made for nothing. */
  #isInVain: boolean;

  private constructor(path: string, database: Database, isNew: boolean) {
    this.#path = path;
    this.#database = database;
    this.#isInVain = isNew;
  }

  /**
   * @param path absolute
   * @throws Failure
   */
  static async open(path: string): Promise<SqliteCopyTarget> {
    const isNew = followTrusted(path).info === null;
    const database = await openDatabase(path, { create: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
    return new SqliteCopyTarget(path, database, isNew);
  }

  async fill<T>(work: (filling: CopyFilling) => Promise<T>): Promise<T> {
    const result = await this.#database.transaction(async (connection) => {
      const full = firstWithRows(countsIn(connection));
      if (full !== undefined) {
        this.#isInVain = false;
        throw notEmpty(this.#path, full);
      }
      return await work(new SqliteCopyFilling(connection));
    });
    this.#isInVain = false;
    return result;
  }

  [Symbol.dispose](): void {
    this.#database.close();
    if (this.#isInVain) Deno.removeSync(followTrusted(this.#path).path);
  }
}

class SqliteCopyFilling implements CopyFilling {
  readonly #connection: DatabaseSync;
  /** How many rows of the audit trail there are of each outcome. */
  readonly #numbers = new Map<string, number>();

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  add(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    const isTrail = table.name === "decisions";
    const columns = [...Object.keys(table.columns), ...isTrail ? ["number"] : []];
    const statement = this.#connection.prepare(
      `INSERT INTO ${table.name} (${columns.join(", ")}) VALUES (${
        columns.map(() => "?").join(", ")
      })`,
    );
    for (const row of rows) {
      const values = Object.keys(table.columns).map((column) => row[column]!);
      statement.run(...values, ...isTrail ? [this.#nextNumber(row.outcome as string)] : []);
    }
    return Promise.resolve();
  }

  counts(): Promise<RowCounts> {
    return Promise.resolve(countsIn(this.#connection));
  }

  async *secrets() {
    const rows = this.#connection.prepare("SELECT username, secret, key_id FROM enrolments")
      .iterate();
    for (const page of pages(rows)) yield page.map(userOf);
  }

  #nextNumber(outcome: string): number {
    const number = (this.#numbers.get(outcome) ?? 0) + 1;
    this.#numbers.set(outcome, number);
    return number;
  }
}

function countsIn(connection: DatabaseSync): RowCounts {
  return new Map(COPIED_TABLES.map(({ name }) => {
    const { count } = connection.prepare(`SELECT count(*) AS count FROM ${name}`).get()!;
    return [name, count as number];
  }));
}

function* pages(rows: Iterable<unknown>): Generator<CopiedRow[]> {
  let page: CopiedRow[] = [];
  for (const row of rows) {
    page.push(row as CopiedRow);
    if (page.length < COPIED_AT_ONCE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
