import { readAll } from "../../system/read_all.ts";

/** More bytes than a file of PAM's configuration has. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a file of PAM's configuration, or of the system's accounts.
 *
 * @throws Deno.errors.* if the system refuses; Error if it is no file, or too large
 */
export function readPamFile(path: string, maxBytes = MAX_BYTES): Uint8Array {
  // Opening a named pipe would block.
  if (!Deno.statSync(path).isFile) throw new Error("it is not a regular file");
  using file = Deno.openSync(path, { read: true });
  const content = readAll((buffer) => file.readSync(buffer), maxBytes);
  if (content === null) throw new Error(`it is larger than ${maxBytes} bytes`);
  return content;
}
