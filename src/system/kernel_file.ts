import { FILE_FUNCTIONS } from "./file_functions.ts";
import { openLibrary } from "./libraries.ts";
import { cString } from "./memory.ts";

/**
 * Reads what the kernel says in a file below /sys or /proc, where Deno lets a program read only if
 * it may do everything.
 *
 * @param maxBytes what is longer is cut there
 * @returns null if there is no such file, or it may not be read
 * @throws Failure `library_missing`
 */
export function readKernelFile(path: string, maxBytes = 64 * 1024): string | null {
  const O_CLOEXEC = 0o2000000;
  const { symbols: { open, read, close }, close: unload } = openLibrary(
    "libc.so.6",
    FILE_FUNCTIONS,
  );
  const file = open(cString(path), O_CLOEXEC);
  const content = new Uint8Array(maxBytes);
  let length = 0;
  let count = file < 0 ? -1 : 1;
  while (count > 0 && length < maxBytes) {
    count = Number(read(file, content.subarray(length), BigInt(maxBytes - length)));
    length += Math.max(count, 0);
  }
  if (file >= 0) close(file);
  unload();
  return count < 0 ? null : new TextDecoder().decode(content.subarray(0, length));
}
