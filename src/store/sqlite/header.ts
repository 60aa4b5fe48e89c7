import { Failure } from "../../core/failure.ts";

/** Marks a SQLite file as ours (`PRAGMA application_id`): "oTOT" in ASCII. */
export const APPLICATION_ID = 0x6f544f54;

/** What is at a database's path. */
type Header = "missing" | "empty" | "ours" | "foreign";

const MAGIC = new TextEncoder().encode("SQLite format 3\0");
const HEADER_BYTES = 100;
const WRITE_VERSION_OFFSET = 18;
const READ_VERSION_OFFSET = 19;
const WITHOUT_LOG = 1;
const USER_VERSION_OFFSET = 60;
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
      `${path} is not a regular file: give another path (--db, totpTokenDbPath)`,
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
  return new DataView(beginningOf(path).buffer).getUint32(USER_VERSION_OFFSET);
}

/**
 * Says whether the header of a database tells of a write-ahead log (SQLite's file format, 1.3.3).
 *
 * @throws Deno.errors.* when the system refuses
 */
export function hasLog(path: string): boolean {
  const header = beginningOf(path);
  return [WRITE_VERSION_OFFSET, READ_VERSION_OFFSET].some((at) => header[at] !== WITHOUT_LOG);
}

function beginningOf(path: string): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(HEADER_BYTES);
  using file = Deno.openSync(path, { read: true });
  file.readSync(header);
  return header;
}
