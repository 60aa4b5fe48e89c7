import { Failure } from "../../core/failure.ts";
import {
  followTrusted,
  lstat,
  makeDirectory,
  parentOf,
  requirePrivate,
} from "../../system/trusted_path.ts";

/** Marks a SQLite file as ours (`PRAGMA application_id`): "oTOT" in ASCII. */
export const APPLICATION_ID = 0x6f544f54;

/** What lies at a database's path. */
type Header = "missing" | "empty" | "ours" | "foreign";

const MAGIC = new TextEncoder().encode("SQLite format 3\0");
const HEADER_BYTES = 100;
const USER_VERSION_OFFSET = 60;
const APPLICATION_ID_OFFSET = 68;

/** A file that SQLite may open. */
export interface DatabaseFile {
  /** Its path without symbolic links: SQLite's companion files lie beside the file itself. */
  path: string;
  /** It is a database already, rather than an empty file to make one in. */
  isOurs: boolean;
}

/**
 * Makes sure that what lies at a path is ours to open, before SQLite sees it.
 *
 * @param create make directory and file where there are none
 * @param uid whose file it is, if not this process's user's
 * @throws Failure when it is missing (without `create`), foreign or no file
 * @throws Deno.errors.* when the system refuses
 */
export function prepareFile(
  path: string,
  create: boolean,
  uid?: number,
): DatabaseFile {
  const { path: real } = followTrusted(path, uid);
  // In this order: another first enrolment makes the file first, and its journal then.
  const [orphan] = findCompanions(real);
  const header = readHeader(real);
  if (header === "ours") {
    requirePrivate(real);
    return { path: real, isOurs: true };
  }
  if (header === "foreign") throw foreignDatabase(path);
  if (header === "missing" && orphan !== undefined) throw orphaned(orphan);
  if (!create) throw missing(path);
  createFile(real);
  return { path: real, isOurs: false };
}

/**
 * Looks at the first bytes of a file (SQLite's file format, section 1.3). SQLite itself only opens
 * what is ours: merely opening another program's database can change it (a left-over journal is
 * played back).
 *
 * @throws Deno.errors.* when the file is there but can't be read
 * @throws Failure `database_foreign` when the path leads to something other than a file
 */
function readHeader(path: string): Header {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "missing";
    throw error;
  }
  // Opening a named pipe would block.
  if (!info.isFile) {
    throw new Failure(
      "database_foreign",
      `${path} is not a regular file: name another path (--db, totpTokenDbPath)`,
    );
  }
  if (info.size === 0) return "empty";

  const header = new Uint8Array(HEADER_BYTES);
  using file = Deno.openSync(path, { read: true });
  const length = file.readSync(header) ?? 0;
  return isOurHeader(header.subarray(0, length)) ? "ours" : "foreign";
}

/** Says whether a file that begins so is a database of ours. */
export function isOurHeader(beginning: Uint8Array): boolean {
  if (beginning.length < HEADER_BYTES) return false;
  const { buffer, byteOffset } = beginning;
  const id = new DataView(buffer, byteOffset).getUint32(APPLICATION_ID_OFFSET);
  return id === APPLICATION_ID &&
    MAGIC.every((byte, i) => beginning[i] === byte);
}

/**
 * The schema version that the header of a database of ours holds, without SQLite, which could change
 * the file (SQLite's file format, section 1.3.15); null for nothing of ours.
 *
 * @throws Deno.errors.* when the system refuses
 */
export function storedVersion(path: string): number | null {
  if (readHeader(path) !== "ours") return null;
  const header = new Uint8Array(HEADER_BYTES);
  using file = Deno.openSync(path, { read: true });
  file.readSync(header);
  return new DataView(header.buffer).getUint32(USER_VERSION_OFFSET);
}

/** Makes the empty file itself, as SQLite would leave its mode to the umask. */
function createFile(path: string): void {
  makeDirectory(parentOf(path));
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    // It may be another first enrolment's at this moment, or what is left of one.
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  Deno.chmodSync(path, 0o600);
}

/**
 * Finds what of a broken-off transaction lies beside a database: files that SQLite takes for a part
 * of it.
 *
 * @throws Failure where one isn't a file: opening a database beside a named pipe would wait for ever
 */
function findCompanions(path: string): string[] {
  const companions = ["-journal", "-wal"].map((end) => path + end);
  return companions.filter((companion) => {
    const info = lstat(companion);
    if (info === null) return false;
    if (info.isFile) return info.size > 0;
    throw new Failure(
      "database_foreign",
      `${companion} is not a regular file: remove it`,
    );
  });
}

function missing(path: string): Failure {
  return new Failure(
    "database_missing",
    `there is no database at ${path} yet: enrol the first user, or name the right path ` +
      "(--db, totpTokenDbPath)",
  );
}

/** A new database beside it would delete it, and what the other database needs of it. */
function orphaned(companion: string): Failure {
  return new Failure(
    "database_foreign",
    `${companion} is there without its database: move it to where that went`,
  );
}

/** The error for a database of ours that somebody has put rules of their own into. */
export function changedSchema(path: string): Failure {
  return new Failure(
    "database_foreign",
    `${path} has triggers or views, which openvpn-totp doesn't make: restore it from a backup that ` +
      "nobody else could change",
  );
}

/** The error for a database of another program. */
export function foreignDatabase(path: string): Failure {
  return new Failure(
    "database_foreign",
    `${path} is not a database of openvpn-totp and was left alone: move it away, with its -journal ` +
      "and -wal if there are any (openvpn-totp import reads an older script's users), or name " +
      "another path (--db, totpTokenDbPath)",
  );
}
