import { openLibrary } from "./libraries.ts";
import { cString } from "./memory.ts";

const PLACE = {
  // Unlike access(2), it asks for the rights that files are opened with.
  eaccess: {
    parameters: [
      "buffer", // const char *pathname
      "i32", // int mode
    ],
    result: "i32", // int
  },
  statvfs: {
    parameters: [
      "buffer", // const char *path
      "buffer", // struct statvfs *buf
    ],
    result: "i32", // int
  },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Says whether this process may make files in a directory (eaccess(3)), and no file is made.
 *
 * @throws Failure `library_missing`
 */
export function mayMakeFilesIn(directory: string): boolean {
  const WRITE_AND_ENTER = 2 | 1;
  return openLibrary("libc.so.6", PLACE).symbols.eaccess(cString(directory), WRITE_AND_ENTER) === 0;
}

/**
 * Bytes that are free in a path's file system, for users other than root (statvfs(3)); null if the
 * system does not say.
 *
 * @throws Failure `library_missing`
 */
export function freeBytesAt(path: string): bigint | null {
  // struct statvfs { f_bsize; f_frsize; f_blocks; f_bfree; f_bavail; … }, of 8 bytes each
  const STATVFS_BYTES = 256;
  const FRSIZE_OFFSET = 8;
  const BAVAIL_OFFSET = 32;
  const bytes = new Uint8Array(STATVFS_BYTES);
  if (openLibrary("libc.so.6", PLACE).symbols.statvfs(cString(path), bytes) !== 0) return null;
  const found = new DataView(bytes.buffer);
  return found.getBigUint64(FRSIZE_OFFSET, true) * found.getBigUint64(BAVAIL_OFFSET, true);
}
