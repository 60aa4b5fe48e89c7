import type { DatabaseSync } from "node:sqlite";
import { isActingForAnother } from "../../system/acting_user.ts";
import { changedSchema, foreignDatabase } from "./file.ts";
import { APPLICATION_ID } from "./header.ts";
import { hasForeignRules, hasTables, migrate, MIGRATIONS, schemaVersion } from "./migrations.ts";
import { inTransaction } from "./transaction.ts";

/**
 * Settles how a connection works, and brings the schema up to date.
 *
 * @param path of the database, for errors
 * @param isOurs it is a database already, rather than an empty file to make one in
 * @throws Failure `database_foreign`, `database_newer`, `database_corrupt`; Error of SQLite's
 */
export async function prepareConnection(
  connection: DatabaseSync,
  path: string,
  isOurs: boolean,
): Promise<void> {
  configure(connection);
  if (isActingForAnother()) guardAgainstOwner(connection, path);
  const isCurrent = isOurs && schemaVersion(connection) === MIGRATIONS.length;
  if (isOurs && hasForeignRules(connection)) throw changedSchema(path);
  if (isCurrent) return;
  await inTransaction(connection, () => {
    if (hasTables(connection) && !isMarkedAsOurs(connection)) throw foreignDatabase(path);
    migrate(connection, path);
  });
}

/** A verdict outlives a power cut only if its commit does; a deleted secret is overwritten. */
function configure(connection: DatabaseSync): void {
  connection.prepare("PRAGMA synchronous = EXTRA").run();
  connection.prepare("PRAGMA secure_delete = ON").get();
  connection.prepare("PRAGMA trusted_schema = OFF").run();
}

/** Far more than what any of our statements needs. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * Guards against the user whom a database belongs to, who may have written anything into it: values
 * of any size, and tables that are code of SQLite's extensions.
 *
 * @throws Failure `database_foreign`
 */
function guardAgainstOwner(connection: DatabaseSync, path: string): void {
  connection.prepare(`PRAGMA hard_heap_limit = ${MAX_MEMORY_BYTES}`).get();
  const tables = connection.prepare("PRAGMA table_list").all();
  if (tables.some(({ type }) => type === "virtual")) throw changedSchema(path);
}

function isMarkedAsOurs(connection: DatabaseSync): boolean {
  return connection.prepare("PRAGMA application_id").get()!.application_id === APPLICATION_ID;
}
