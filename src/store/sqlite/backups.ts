import type { Enrolment } from "../../core/enrolment.ts";
import { Failure } from "../../core/failure.ts";
import type { RestoreChanges, RestoreMoment } from "../../core/restore.ts";
import { followTrusted, makeDirectory, parentOf } from "../../system/trusted_path.ts";
import type { Backup, Backups } from "../backup.ts";
import { backUp, enrolmentsIn, openBackup } from "./backup.ts";
import { type Database, openDatabase, type OpenOptions } from "./database.ts";
import { missingDatabase } from "./file.ts";
import { compare, restore } from "./restore.ts";

/** The database of a store; it need not be there yet. */
class LiveDatabase {
  readonly path: string;
  readonly #options: OpenOptions;
  #database: Database | null = null;

  constructor(path: string, options: OpenOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Null where there is none. */
  get opened(): Database | null {
    return this.#database;
  }

  /** Opens the database if it is there; where it must be, because it may not be made, it is. */
  async openExisting(): Promise<void> {
    try {
      this.#database = await openDatabase(this.path, { ...this.#options, create: false });
    } catch (error) {
      const isMissing = error instanceof Failure && error.code === "database_missing";
      if (!isMissing || !this.#options.create) throw error;
    }
  }

  /**
   * The database, made where there is none. Not before the administrator has said yes to a restore:
   * with `totpUnenrolled allow`, an empty database would let everybody in.
   */
  async openOrMake(): Promise<Database> {
    return this.#database ??= await openDatabase(this.path, this.#options);
  }

  close(): void {
    this.#database?.close();
  }
}

/** {@link Backups} of a database of SQLite. */
export class SqliteBackups implements Backups {
  readonly #live: LiveDatabase;

  private constructor(live: LiveDatabase) {
    this.#live = live;
  }

  /**
   * @param path absolute
   * @param options with `create`, a missing database is made by the first restore, not before
   * @throws Failure as {@link openDatabase}
   */
  static async open(path: string, options: OpenOptions): Promise<SqliteBackups> {
    const live = new LiveDatabase(path, options);
    await live.openExisting();
    return new SqliteBackups(live);
  }

  async backUp(to: string): Promise<number> {
    const { opened, path } = this.#live;
    if (opened === null) throw missingDatabase(path);
    return await backUp(opened, to, directoryOf(path));
  }

  async open(path: string): Promise<Backup> {
    const directory = directoryOf(this.#live.path);
    if (this.#live.opened === null) makeDirectory(directory);
    return new SqliteBackup(await openBackup(path, directory), this.#live);
  }

  [Symbol.dispose](): void {
    this.#live.close();
  }
}

/** The directory that a database lies in, where its user may make files. */
function directoryOf(path: string): string {
  return parentOf(followTrusted(path).path);
}

/** {@link Backup} in a database of SQLite. */
class SqliteBackup implements Backup {
  readonly #backup: Database;
  readonly #live: LiveDatabase;

  constructor(backup: Database, live: LiveDatabase) {
    this.#backup = backup;
    this.#live = live;
  }

  enrolments(): Promise<Enrolment[]> {
    return enrolmentsIn(this.#backup);
  }

  changes(): Promise<RestoreChanges> {
    return compare(this.#live.opened, this.#backup);
  }

  async restore(moment: RestoreMoment): Promise<void> {
    await restore(await this.#live.openOrMake(), this.#backup, moment);
  }

  [Symbol.dispose](): void {
    this.#backup.close();
  }
}
