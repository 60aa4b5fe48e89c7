import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { readAll } from "./read_all.ts";

/**
 * Reads a file of whatever user, up to a bound. A named pipe in its place is refused and not waited
 * for, even where somebody puts it there between the look and the opening.
 *
 * @param maxBytes more is refused
 * @returns with the owner of the file that was read
 * @throws Error that says what is wrong; Deno.errors.* when the system refuses
 */
export function readRegularFile(
  path: string,
  maxBytes: number,
): { content: Uint8Array<ArrayBuffer>; uid: number } {
  return withRegularFile(path, (file, { uid }) => {
    const content = readAll((buffer) => readSync(file, buffer), maxBytes);
    if (content === null) throw new Error(`it is larger than ${maxBytes} bytes`);
    return { content, uid };
  });
}

/**
 * Opens a regular file of whatever user for reading, and nothing else that is in its place.
 *
 * @param work is given the file's descriptor, and what was opened
 * @throws Error if it is no regular file; Deno.errors.* or node's when the system refuses
 */
export function withRegularFile<T>(path: string, work: (file: number, info: Stats) => T): T {
  // A device may act when it is opened, so it isn't.
  if (!Deno.statSync(path).isFile) throw notRegular();
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const info = fstatSync(file);
    if (!info.isFile()) throw notRegular();
    return work(file, info);
  } finally {
    closeSync(file);
  }
}

function notRegular(): Error {
  return new Error("it is not a regular file");
}
