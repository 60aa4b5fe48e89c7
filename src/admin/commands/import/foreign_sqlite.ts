import { DatabaseSync } from "node:sqlite";
import { quoted } from "../../../text/printable.ts";
import { readPythonSqlite, type TableChoice } from "../../../migration/python_sqlite.ts";
import { type Reading, UnreadableSource } from "../../../migration/reading.ts";
import { isOurHeader } from "../../../store/open_store.ts";
import { lstat } from "../../../system/trusted_path.ts";

/** A directory in memory that only root can write to. */
const MEMORY_DIRECTORY = "/run";

/**
 * Bytes of the header that say whether there is a write-ahead log (SQLite's file format, 1.3.3).
 */
const WRITE_VERSION = 18;
const READ_VERSION = 19;
const WITHOUT_LOG = 1;

/**
 * Reads a copy of another program's database: opening the database itself could change it, or the
 * files beside it.
 *
 * @param content of the file at the path
 * @throws UnreadableSource where it is ours, or where a file beside it belongs to it
 */
export function readForeignSqlite(path: string, content: Uint8Array, choice: TableChoice): Reading {
  if (path === "-") {
    throw new UnreadableSource("SQLite needs the path of a file, not -");
  }
  if (isOurHeader(content)) {
    throw new UnreadableSource("it is a database of openvpn-totp itself: use restore or export");
  }
  // With a link, these are beside the file that it leads to.
  const real = Deno.realPathSync(path);
  for (const companion of [`${real}-wal`, `${real}-journal`]) {
    if ((lstat(companion)?.size ?? 0) === 0) continue;
    throw new UnreadableSource(
      `it is incomplete without ${quoted(companion)}: stop the program that uses it, then merge ` +
        "that file with: sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'",
    );
  }
  using connection = openCopy(content);
  return readPythonSqlite(connection, choice);
}

function openCopy(content: Uint8Array): DatabaseSync {
  const directory = makeDirectory();
  try {
    const copy = `${directory}/copy`;
    Deno.writeFileSync(copy, withoutLog(content), { createNew: true, mode: 0o600 });
    return new DatabaseSync(copy, { readOnly: true });
  } finally {
    // An open file stays readable, and nothing is left when the process ends.
    Deno.removeSync(directory, { recursive: true });
  }
}

/** There is no log, or an empty one: without this, SQLite would create one. */
function withoutLog(content: Uint8Array): Uint8Array {
  const copy = content.slice();
  if (copy.length <= READ_VERSION) return copy;
  copy[WRITE_VERSION] = WITHOUT_LOG;
  copy[READ_VERSION] = WITHOUT_LOG;
  return copy;
}

/** Makes a directory for this process's user alone, in memory if possible. */
function makeDirectory(): string {
  const prefix = "openvpn-totp-import-";
  try {
    return Deno.makeTempDirSync({ dir: MEMORY_DIRECTORY, prefix });
  } catch {
    return Deno.makeTempDirSync({ prefix });
  }
}
