import { Failure } from "../../core/failure.ts";
import { asCaller, isActingForAnother } from "../../system/acting_user.ts";
import { foreignOwner, lstat } from "../../system/trusted_path.ts";
import { writeAll } from "../../system/write_all.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import { type Database, openDatabase } from "./database.ts";
import { SqliteEnrolmentStore } from "./enrolment_store.ts";
import { allEnrolments } from "./enrolments.ts";
import { failureOf } from "./errors.ts";
import { type DatabaseFile, MAX_BYTES, prepareFile, tooLarge } from "./file.ts";

/** How a copy is opened that nobody else uses. */
const OPEN = { create: false, busyTimeoutMs: 0 };

/**
 * `Backups.backUp`.
 *
 * @param directory where the copy may be for a moment
 */
export async function backUp(database: Database, to: string, directory: string): Promise<number> {
  if (!isActingForAnother()) return await checkedCopy(database, to);
  // What SQLite opens together must be opened with the same rights, and the caller's file needs more.
  const place = Deno.makeTempDirSync({ dir: directory, prefix: ".backup-" });
  try {
    const copy = `${place}/copy`;
    // Nobody else can replace what is open.
    using made = Deno.openSync(copy, { read: true, write: true, createNew: true, mode: 0o600 });
    const users = await checkedCopy(database, copy);
    const { size } = made.statSync();
    // The owner of the database could make it longer, until the caller's disk is full.
    if (size > MAX_BYTES) throw tooLarge(copy);
    asCaller(() => {
      using file = Deno.openSync(to, { write: true });
      copyBytes(made, file, size);
      file.syncSync();
    });
    return users;
  } catch (error) {
    throw failureOf(error, to);
  } finally {
    Deno.removeSync(place, { recursive: true });
  }
}

async function checkedCopy(database: Database, to: string): Promise<number> {
  await database.copyTo(to);
  using copy = await openDatabase(to, OPEN);
  const otherwise = `the copy at ${to} is damaged, so it was not kept: if the database itself is ` +
    "damaged, restore an earlier backup";
  await requireWhole(copy, otherwise);
  let users = 0;
  for await (const page of new SqliteEnrolmentStore(copy).users()) {
    users += page.filter(({ enrolment }) => enrolment !== null).length;
  }
  return users;
}

/** Copies no more than the size that the file had: its owner could go on writing. */
function copyBytes(from: Deno.FsFile, to: Deno.FsFile, size: number): void {
  const PIECE_BYTES = 1024 * 1024;
  const buffer = new Uint8Array(PIECE_BYTES);
  for (let left = size; left > 0;) {
    const count = from.readSync(buffer.subarray(0, left)) ?? 0;
    if (count === 0) break;
    writeAll(to, buffer.subarray(0, count));
    left -= count;
  }
}

/** `Backup.enrolments`. */
export function enrolmentsIn(database: Database): Promise<Enrolment[]> {
  return database.read(allEnrolments);
}

/**
 * `Backups.open`.
 *
 * @param directory where the copy may be for a moment
 */
export async function openBackup(path: string, directory: string): Promise<Database> {
  const { file, size } = openBackupFile(path);
  using _ = file;
  const backup = await openCopy({ file, size }, directory, path);
  try {
    await requireWhole(backup, `${path} is damaged: use another backup`);
  } catch (error) {
    backup.close();
    throw error;
  }
  return backup;
}

interface OpenFile {
  file: Deno.FsFile;
  /** In bytes, as it was when it was opened. */
  size: number;
}

/** A backup is the caller's file, or that of the user whom the caller acts as. */
function openBackupFile(path: string): OpenFile {
  const open = () => {
    const { path: real } = requireDatabase(path);
    requireAlone(real);
    const file = Deno.openSync(real, { read: true });
    return { file, size: file.statSync().size };
  };
  try {
    return asCaller(() => foreignOwner(path)) === null ? asCaller(open) : open();
  } catch (error) {
    throw failureOf(error, path);
  }
}

/** @param told the path that the administrator gave */
async function openCopy(
  { file, size }: OpenFile,
  directory: string,
  told: string,
): Promise<Database> {
  const place = Deno.makeTempDirSync({ dir: directory, prefix: ".restore-" });
  try {
    const copy = `${place}/copy`;
    {
      using made = Deno.openSync(copy, { write: true, createNew: true, mode: 0o600 });
      copyBytes(file, made, size);
    }
    return await openDatabase(copy, OPEN);
  } catch (error) {
    throw failureOf(error, told);
  } finally {
    // What is open stays readable, and nothing is left if the process ends.
    Deno.removeSync(place, { recursive: true });
  }
}

/** {@link prepareFile}'s advice is for the database that logins use. */
function requireDatabase(path: string): DatabaseFile {
  try {
    return prepareFile(path, false);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "database_missing") {
      throw new Failure("input_error", `there is no backup at ${path}`);
    }
    if (error.code !== "database_foreign") throw error;
    throw new Failure("input_error", `${path} is not a backup that openvpn-totp made`);
  }
}

/** A database with its journal beside it was copied by hand while it was in use. */
function requireAlone(path: string): void {
  for (const end of ["-journal", "-wal"]) {
    if (lstat(path + end) === null) continue;
    throw new Failure(
      "database_error",
      `${path}${end} exists, so ${path} is a database in use and not a backup`,
    );
  }
}

/** @throws Failure `database_corrupt` */
async function requireWhole(database: Database, otherwise: string): Promise<void> {
  const isWhole = await database.read((connection) =>
    connection.prepare("PRAGMA integrity_check").get()!.integrity_check === "ok" &&
    connection.prepare("PRAGMA foreign_key_check").get() === undefined
  );
  if (isWhole) return;
  throw new Failure("database_corrupt", otherwise);
}
