import { Failure } from "../core/failure.ts";
import { messageOf } from "../text/message_of.ts";
import { readAll } from "./read_all.ts";

/**
 * Reads a file that OpenVPN wrote, up to a bound.
 *
 * @param maxBytes a file with more than this is refused
 * @throws Failure `file_error`, which doesn't repeat what the file holds
 */
export function readBoundedFile(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const content = attempt(path, () => {
    // Opening a named pipe would block.
    if (!Deno.statSync(path).isFile) throw new Error("not a regular file");
    using file = Deno.openSync(path, { read: true });
    return readAll((buffer) => file.readSync(buffer), maxBytes);
  });
  if (content !== null) return content;
  throw new Failure("file_error", `${path} is larger than ${maxBytes} bytes`);
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** A `Failure` for a file of OpenVPN's that can't be read, written or removed. */
export function fileError(action: string, path: string, error: unknown): Failure {
  return new Failure("file_error", `cannot ${action} ${path}: ${messageOf(error)}`);
}
