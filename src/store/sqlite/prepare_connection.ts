import type { DatabaseSync } from "node:sqlite";
import { isActingForAnother } from "../../system/acting_user.ts";
import { changedSchema, foreignDatabase } from "./file.ts";
import { APPLICATION_ID } from "./header.ts";
import { guardAgainstOwner } from "./known_schema.ts";
import { hasForeignRules, hasTables, migrate, MIGRATIONS, schemaVersion } from "./migrations.ts";
import { inTransaction } from "./transaction.ts";

/**
 * Settles how a connection works, and brings the schema up to date.
 *
 * @param path of the database, for errors
 * @param isOurs it is a database already, rather than an empty file to make one in
 * @throws Failure `database_foreign`, `database_newer`, `database_corrupt`, `database_unread`; Error of
 *   SQLite's
 */
export async function prepareConnection(
  connection: DatabaseSync,
  path: string,
  isOurs: boolean,
): Promise<void> {
  configure(connection);
  if (isOurs && isActingForAnother()) guardAgainstOwner(connection, path);
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

function isMarkedAsOurs(connection: DatabaseSync): boolean {
  return connection.prepare("PRAGMA application_id").get()!.application_id === APPLICATION_ID;
}
