import { readSync } from "node:fs";
import { withRegularFile } from "./read_regular_file.ts";

/** Reads bytes of a file, from `start`, and at most `length` of them. */
export type ReadPart = (start: number, length: number) => Uint8Array<ArrayBuffer>;

/**
 * Opens a regular file of whatever user, to read parts of it. A named pipe in its place is not
 * waited for.
 *
 * @param work is given the file's size in bytes
 * @throws Error if it is no regular file; Deno.errors.* or node's when the system refuses
 */
export function withParts<T>(path: string, work: (size: number, read: ReadPart) => T): T {
  return withRegularFile(path, (file, { size }) =>
    work(size, (start, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, start));
    }));
}
