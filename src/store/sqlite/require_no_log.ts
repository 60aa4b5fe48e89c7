import { Failure } from "../../core/failure.ts";
import { lstat } from "../../system/trusted_path.ts";
import { hasLog } from "./header.ts";

/**
 * Makes sure that SQLite can read a database and leave all files as they are: opening one with a
 * write-ahead log would create files beside it.
 *
 * @param path without links
 * @throws Failure `database_unread`
 */
export function requireNoLog(path: string): void {
  if (!hasLog(path) && lstat(`${path}-wal`) === null) return;
  throw new Failure(
    "database_unread",
    `${path} has a write-ahead log, which cannot be read without changing files beside it`,
  );
}
