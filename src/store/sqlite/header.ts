import { Failure } from "../../core/failure.ts";

/** Marks a SQLite file as ours (`PRAGMA application_id`): "oTOT" in ASCII. */
export const APPLICATION_ID = 0x6f544f54;

/** What lies at a database's path. */
export type Header = "missing" | "empty" | "ours" | "foreign";

const MAGIC = new TextEncoder().encode("SQLite format 3\0");
const HEADER_BYTES = 100;
const APPLICATION_ID_OFFSET = 68;

/**
 * Looks at the first bytes of a file (SQLite's file format, section 1.3). SQLite itself only opens
 * what is ours: merely opening another program's database can change it (a left-over journal is
 * played back).
 *
 * @throws Deno.errors.* when the file is there but can't be read
 * @throws Failure `database_foreign` when the path leads to something other than a file
 */
export function readHeader(path: string): Header {
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
  const id = new DataView(header.buffer).getUint32(APPLICATION_ID_OFFSET);
  const isOurs = length === HEADER_BYTES && id === APPLICATION_ID &&
    MAGIC.every((byte, i) => header[i] === byte);
  return isOurs ? "ours" : "foreign";
}
