import type { DatabasePlace, PostgresPlace, SqlitePlace } from "../core/database_place.ts";
import type { Backups } from "./backup.ts";
import type { CopySource, CopyTarget } from "./copy.ts";
import type { SchemaChange } from "./schema.ts";
import type { HostFacts } from "./server_facts.ts";
import { openDatabase } from "./sqlite/database.ts";
import { storedVersion } from "./sqlite/header.ts";
import { openSqliteLogins } from "./sqlite/logins.ts";
import { MIGRATIONS } from "./sqlite/migrations.ts";
import type { Logins, Store } from "./store.ts";

export type { Backups } from "./backup.ts";
export type { SchemaChange } from "./schema.ts";
export { type HostFacts, OLDEST_SERVER, type ServerFacts } from "./server_facts.ts";
export { COPIED_TABLES } from "./copied_tables.ts";
export type { CopyFilling, CopySource, CopyTarget, RowCounts } from "./copy.ts";
export { LOGIN_BUSY_TIMEOUT_MS } from "./sqlite/logins.ts";
export { isOurHeader } from "./sqlite/header.ts";

/** Which store {@link openStore} opens, and how. */
export interface StoreOptions {
  database: DatabasePlace;
  /** Make directory (0700) and file (0600) where there are none; a server's database is never made. */
  create: boolean;
  /** How long to wait for another process's transaction on a file, in milliseconds. */
  busyTimeoutMs: number;
  /** How many connections to a server there may be at once; default: 1. */
  connections?: number;
  /** How much of that wait may hold up this process's other work, in milliseconds; default: all of it. */
  blockingMs?: number;
  /**
   * Leave all files as they are: the schema must be up to date, and what would have to be changed
   * first is a `database_unread`.
   */
  readOnly?: boolean;
}

/**
 * Opens the store, with its schema up to date. This is the one place that knows the engines.
 *
 * @throws Failure when it is missing (without `create`), not ours, newer, damaged, locked or denied
 */
export async function openStore({ database, ...options }: StoreOptions): Promise<Store> {
  // Engines are loaded where they are used, and logins need only a part of one.
  if (database.engine === "postgres") {
    const { openPostgresStore } = await import("./postgres/store.ts");
    return await openPostgresStore(database, options);
  }
  const { SqliteStore } = await import("./sqlite/store.ts");
  return new SqliteStore(await openDatabase(database.path, options));
}

/**
 * Opens a store for logins alone, which need nothing of what administration needs.
 *
 * @throws Failure as {@link openStore}
 */
export async function openLogins({ database, ...options }: StoreOptions): Promise<Logins> {
  if (database.engine === "postgres") {
    const { openPostgresLogins } = await import("./postgres/logins.ts");
    return openPostgresLogins(database, options);
  }
  return await openSqliteLogins(database.path, options);
}

/**
 * Opens a store to make backups of it or to restore one. With `create`, a store that is missing is
 * made by the first restore, not before.
 *
 * @throws Failure as {@link openStore}
 */
export async function openBackups(
  { database, ...options }: StoreOptions & { database: SqlitePlace },
): Promise<Backups> {
  // Loaded here, as logins need none of it.
  const { SqliteBackups } = await import("./sqlite/backups.ts");
  return await SqliteBackups.open(database.path, options);
}

/**
 * Tries what a login needs to write to a store whose schema is up to date, and writes nothing.
 *
 * @throws Failure as a login would
 */
export async function rehearseWrite(
  path: string,
  busyTimeoutMs: number,
): Promise<void> {
  // Loaded here, as logins need none of it.
  const { rehearseWrite } = await import("./sqlite/rehearse_write.ts");
  rehearseWrite(path, busyTimeoutMs);
}

/** Versions of the schema. */
export interface SchemaVersions {
  /** The one that the store has. */
  stored: number;
  /** The newest that this program knows. */
  known: number;
}

/**
 * Looks at a store's schema without opening the store, which would bring the schema up to date.
 *
 * @returns null where there is no store of ours
 * @throws Failure, Deno.errors.* when it can't be read
 */
export function schemaVersions(path: string): SchemaVersions | null {
  const stored = storedVersion(path);
  return stored === null ? null : { stored, known: MIGRATIONS.length };
}

/**
 * Brings the schema of a database on a server to this program's version, in one transaction, and grants
 * what logins need.
 *
 * @param role who gets it, beside those who had it before; null for nobody
 * @throws Failure as opening a store; `input_error` where there is no such role
 */
export async function initSchema(
  place: PostgresPlace,
  role: string | null,
): Promise<SchemaChange> {
  const { initSchema } = await import("./postgres/init.ts");
  return await initSchema(place, role);
}

/**
 * Makes the SQL that {@link initSchema} would run.
 *
 * @param from the version that the schema has; 0 where there is none
 * @throws Failure `usage`
 */
export async function schemaScript(from: number, role: string): Promise<string> {
  const { schemaScript } = await import("./postgres/schema_script.ts");
  return schemaScript(from, role);
}

/**
 * Opens a store of one moment, to copy it elsewhere, while logins go on.
 *
 * @throws Failure as {@link openStore}
 */
export async function openCopySource(place: DatabasePlace): Promise<CopySource> {
  if (place.engine === "postgres") {
    const { PostgresCopySource } = await import("./postgres/copy.ts");
    return await PostgresCopySource.open(place);
  }
  const { SqliteCopySource } = await import("./sqlite/copy.ts");
  return await SqliteCopySource.open(place.path);
}

/**
 * Opens a store to copy another one to: a file is made where there is none; a server's database has its
 * tables already.
 *
 * @throws Failure as {@link openStore}
 */
export async function openCopyTarget(place: DatabasePlace): Promise<CopyTarget> {
  if (place.engine === "postgres") {
    const { PostgresCopyTarget } = await import("./postgres/copy.ts");
    return await PostgresCopyTarget.open(place);
  }
  const { SqliteCopyTarget } = await import("./sqlite/copy.ts");
  return await SqliteCopyTarget.open(place.path);
}

/**
 * Looks at each host of a database on a server; changes nothing.
 *
 * @throws Failure never: what is wrong with a host is among its facts
 */
export async function examineHosts(place: PostgresPlace): Promise<HostFacts[]> {
  const { examineHosts } = await import("./postgres/examine.ts");
  return await examineHosts(place);
}

/**
 * Tries what a login needs to write to a database on a server, and takes it back.
 *
 * @throws Failure as a login would
 */
export async function rehearseServerWrite(place: PostgresPlace): Promise<void> {
  const { rehearseWrite } = await import("./postgres/rehearse_write.ts");
  await rehearseWrite(place);
}
