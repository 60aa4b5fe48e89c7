import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../core/failure.ts";
import { actingUid } from "../../system/acting_user.ts";
import { parentOf } from "../../system/trusted_path.ts";
import { freeBytesAt, mayMakeFilesIn } from "../../system/writable_place.ts";
import { failureOf } from "./errors.ts";
import { prepareFile } from "./file.ts";
import { requireNoLog } from "./require_no_log.ts";

/** A login's transaction writes some pages, and the same pages to the journal. */
const NEEDED_BYTES = 64n * 1024n;

/**
 * Tries what a login needs to write, and writes nothing: the lock, a file and a directory that can be
 * written, and free space.
 *
 * @throws Failure as a login would
 */
export function rehearseWrite(path: string, busyTimeoutMs: number): void {
  try {
    const { path: real } = prepareFile(path, false);
    requireNoLog(real);
    requirePlace(path, parentOf(real));
    using connection = new DatabaseSync(real, { timeout: busyTimeoutMs });
    connection.prepare("BEGIN IMMEDIATE").run();
    connection.prepare("ROLLBACK").run();
  } catch (error) {
    throw failureOf(error, path);
  }
}

function requirePlace(path: string, directory: string): void {
  if (!mayMakeFilesIn(directory)) {
    throw new Failure(
      "database_readonly",
      `${path} cannot be written: uid ${actingUid()} may not create files in ${directory}, where ` +
        "its journal belongs",
    );
  }
  const free = freeBytesAt(directory);
  if (free === null || free >= NEEDED_BYTES) return;
  throw new Failure(
    "database_full",
    `${path} cannot grow because the disk is full (${free} bytes are free): free some space`,
  );
}
