import { Failure } from "../../core/failure.ts";
import {
  followTrusted,
  lstat,
  makeDirectory,
  parentOf,
  requirePrivate,
} from "../../system/trusted_path.ts";
import { readHeader } from "./header.ts";

/** A file that SQLite may open. */
export interface DatabaseFile {
  /** Its path without symbolic links: SQLite's companion files lie beside the file itself. */
  path: string;
  /** It is a database already, rather than an empty file to make one in. */
  isOurs: boolean;
}

/** Far more than the largest audit trail that can be set. */
export const MAX_BYTES = 16 * 1024 ** 3;

/** A journal that names another file ends in this (SQLite's source, `aJournalMagic` in pager.c). */
const JOURNAL_MAGIC = Uint8Array.fromHex("d9d505f920a163d7");

/**
 * Makes sure that what is at a path is ours to open, before SQLite sees it.
 *
 * @param create make directory and file where there are none
 * @throws Failure when it is missing (without `create`), foreign or not a file
 * @throws Deno.errors.* when the system refuses
 */
export function prepareFile(path: string, create: boolean): DatabaseFile {
  const { path: real, info } = followTrusted(path);
  if (info !== null && info.size > MAX_BYTES) throw tooLarge(path);
  // In this order: another first enrolment creates the file first, then its journal.
  const [orphan] = findCompanions(real);
  const header = readHeader(real);
  if (header === "ours") {
    requirePrivate(real);
    return { path: real, isOurs: true };
  }
  if (header === "foreign") throw foreignDatabase(path);
  if (header === "missing" && orphan !== undefined) throw orphaned(orphan);
  if (!create) throw missingDatabase(path);
  createFile(real);
  return { path: real, isOurs: false };
}

/** Creates the empty file here, since SQLite would leave its mode to the umask. */
function createFile(path: string): void {
  makeDirectory(parentOf(path));
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    // Another first enrolment may be creating it right now, or may have left it behind.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  Deno.chmodSync(path, 0o600);
}

/**
 * Finds what an interrupted transaction has left beside a database: files that SQLite takes for a
 * part of it.
 *
 * @throws Failure where one isn't a file: opening a database beside a named pipe would wait for ever
 */
function findCompanions(path: string): string[] {
  const companions = ["-journal", "-wal"].map((end) => path + end);
  return companions.filter((companion) => {
    const info = lstat(companion);
    if (info === null) return false;
    if (!info.isFile) {
      throw new Failure("database_foreign", `${companion} is not a regular file: remove it`);
    }
    requireNoOther(companion);
    return info.size > 0;
  });
}

/**
 * Refuses a journal that names another file: SQLite writes one for a transaction of several databases,
 * which we never have, and deletes the file that it names once the journal is played back.
 */
function requireNoOther(journal: string): void {
  const end = endOf(journal);
  if (end === null || !JOURNAL_MAGIC.every((byte, i) => end[i] === byte)) return;
  throw new Failure(
    "database_foreign",
    `${journal} names another file, as no journal of openvpn-totp does: move it and its database ` +
      "away, then restore a backup",
  );
}

/** The last bytes of a journal; null where there are none, as its transaction may have just ended. */
function endOf(journal: string): Uint8Array | null {
  try {
    using file = Deno.openSync(journal, { read: true });
    const at = file.statSync().size - JOURNAL_MAGIC.length;
    if (at < 0) return null;
    file.seekSync(at, Deno.SeekMode.Start);
    const end = new Uint8Array(JOURNAL_MAGIC.length);
    return file.readSync(end) === end.length ? end : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The error for a file that no database of ours can be. */
export function tooLarge(path: string): Failure {
  return new Failure(
    "database_foreign",
    `${path} is larger than any database of openvpn-totp (${MAX_BYTES} bytes): restore a backup, or ` +
      "give another path (--db, totpTokenDbPath)",
  );
}

/** The error for a database that is not there, and is not to be made. */
export function missingDatabase(path: string): Failure {
  return new Failure(
    "database_missing",
    `there is no database at ${path} yet: enrol the first user, or give the right path ` +
      "(--db, totpTokenDbPath)",
  );
}

/** A new database beside it would delete it, though the database that it belongs to needs it. */
function orphaned(companion: string): Failure {
  return new Failure(
    "database_foreign",
    `${companion} exists, but its database does not: move it to where the database is now`,
  );
}

/** The error for a database of ours to which somebody has added rules of their own. */
export function changedSchema(path: string): Failure {
  return new Failure(
    "database_foreign",
    `${path} has triggers or views, which openvpn-totp does not create: restore it from a backup ` +
      "that nobody else could change",
  );
}

/** The error for a database of another program. */
export function foreignDatabase(path: string): Failure {
  return new Failure(
    "database_foreign",
    `${path} is not a database of openvpn-totp and was left alone: choose another path (--db, ` +
      "totpTokenDbPath), or, if it is an older TOTP script's, move it away with its -journal and " +
      "-wal (openvpn-totp import reads its users)",
  );
}
