import { Failure } from "../../core/failure.ts";
import { lstat } from "../../system/trusted_path.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import { type Database, openDatabase } from "./database.ts";
import { allEnrolments } from "./enrolments.ts";
import { failureOf } from "./errors.ts";
import { type DatabaseFile, prepareFile } from "./file.ts";

/** How a copy is opened that nobody else uses. */
const OPEN = { create: false, busyTimeoutMs: 0 };

/** `Backups.backUp`. */
export async function backUp(database: Database, to: string): Promise<number> {
  await database.copyTo(to);
  using copy = await openDatabase(to, OPEN);
  const otherwise = `the copy at ${to} is damaged, so it was not kept: if the database itself is ` +
    "damaged, restore an earlier backup";
  await requireWhole(copy, otherwise);
  return (await enrolmentsIn(copy)).length;
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
  const file = requireDatabase(path);
  requireAlone(file.path);
  const backup = await openCopy(file.path, directory, path);
  try {
    await requireWhole(backup, `${path} is damaged: use another backup`);
  } catch (error) {
    backup.close();
    throw error;
  }
  return backup;
}

/** @param told the path that the administrator gave */
async function openCopy(file: string, directory: string, told: string): Promise<Database> {
  const place = Deno.makeTempDirSync({ dir: directory, prefix: ".restore-" });
  try {
    const copy = `${place}/copy`;
    Deno.copyFileSync(file, copy);
    Deno.chmodSync(copy, 0o600);
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
