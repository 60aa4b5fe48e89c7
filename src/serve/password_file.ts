import { Failure } from "../core/failure.ts";
import { readBoundedFile } from "../system/bounded_file.ts";
import { followTrusted, requirePrivate } from "../system/trusted_path.ts";

/** OpenVPN reads no longer password. */
const MAX_BYTES = 4096;

const NEWLINE = 0x0a;

/**
 * Reads the first line of a file: the password of OpenVPN's management sockets.
 *
 * @throws Failure if it cannot be read, is empty, or if others can read it
 */
export function readPasswordFile(given: string): Uint8Array {
  const { path } = followTrusted(given);
  requirePrivate(path);
  const content = readBoundedFile(path, MAX_BYTES);
  const end = content.indexOf(NEWLINE);
  const line = end === -1 ? content : content.subarray(0, end);
  if (line.length === 0) throw new Failure("file_error", `${given} has no password`);
  return line;
}
