import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../core/failure.ts";
import { corruptDatabase } from "./errors.ts";
import { MIGRATIONS, schemaVersion } from "./migrations.ts";

/** Far more than what any of our statements needs. */
const MAX_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * Guards root's commands against the user whom a database belongs to, who may have written anything
 * into it: a schema that computes something, or values of any size. Call it before any other
 * statement.
 *
 * @throws Failure `database_unread`
 */
export function guardAgainstOwner(connection: DatabaseSync, path: string): void {
  connection.prepare(`PRAGMA hard_heap_limit = ${MAX_MEMORY_BYTES}`).get();
  const version = schemaVersion(connection);
  // The error for a newer database is clearer.
  if (version > MIGRATIONS.length) return;
  const known = knownSchema(version);
  const strange = schemaOf(connection).find((entry) => !known.has(entry.text));
  if (strange === undefined) return requireSoundPages(connection, path);
  throw new Failure(
    "database_unread",
    `${path} belongs to another user and has something in its schema that openvpn-totp does not ` +
      `create (${strange.name}): restore a backup that nobody else could change, or run ` +
      "openvpn-totp as that user (sudo -u)",
  );
}

/** Pages that refer to each other could be walked for ever. */
function requireSoundPages(connection: DatabaseSync, path: string): void {
  const { quick_check } = connection.prepare("PRAGMA quick_check(1)").get() ?? {};
  if (quick_check === "ok") return;
  throw corruptDatabase(path);
}

/** What a version's schema consists of; nothing for one that no program wrote. */
function knownSchema(version: number): Set<string> {
  using model = new DatabaseSync(":memory:");
  for (const migration of MIGRATIONS.slice(0, Math.max(0, version))) model.exec(migration);
  return new Set(schemaOf(model).map(({ text }) => text));
}

/** The statistics of ANALYZE, as SQLite makes them: they run nothing. */
const STATISTICS: Record<string, string> = {
  sqlite_stat1: "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
  sqlite_stat4: "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
};

/** All entries but statistics: by the whole entry, as anything could have their name. */
function schemaOf(connection: DatabaseSync): { name: string; text: string }[] {
  return connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema").all()
    .filter(({ type, name, sql }) => type !== "table" || STATISTICS[name as string] !== sql)
    .map(({ type, name, tbl_name, sql }) => ({
      name: `${type} ${name}`,
      text: JSON.stringify([type, name, tbl_name, sql]),
    }));
}
