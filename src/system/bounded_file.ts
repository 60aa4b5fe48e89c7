import { Failure } from "../core/failure.ts";

/**
 * Reads a file that OpenVPN wrote, up to a bound.
 *
 * @param maxBytes more than this is refused, unread
 * @throws Failure `file_error`, which doesn't repeat what the file holds
 */
export function readBoundedFile(
  path: string,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(maxBytes + 1);
  let length = 0;
  try {
    // Opening a named pipe would block.
    if (!Deno.statSync(path).isFile) throw new Error("not a regular file");
    using file = Deno.openSync(path, { read: true });
    while (length < content.length) {
      const read = file.readSync(content.subarray(length));
      if (read === null) break;
      length += read;
    }
  } catch (error) {
    throw fileError("read", path, error);
  }
  if (length > maxBytes) {
    throw new Failure("file_error", `${path} has over ${maxBytes} bytes`);
  }
  return content.subarray(0, length);
}

/** A `Failure` for a file of OpenVPN's that can't be read, written or removed. */
export function fileError(
  action: string,
  path: string,
  error: unknown,
): Failure {
  const cause = error instanceof Error ? error.message : String(error);
  return new Failure("file_error", `cannot ${action} ${path}: ${cause}`);
}
