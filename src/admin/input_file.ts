import { Failure } from "../core/failure.ts";
import { quoted } from "../core/printable.ts";
import type { AdminContext } from "./context.ts";

/**
 * Reads all of a file that an option names; `-` is standard input.
 *
 * @param name the option or argument, for errors
 * @param maxBytes more is refused
 * @throws Failure `input_error`
 */
export function readInputFile(
  { input }: AdminContext,
  name: string,
  path: string,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  try {
    if (path === "-") return readAll((buffer) => input.read(buffer), maxBytes);
    if (!Deno.statSync(path).isFile) throw new Error("it is no regular file");
    using file = Deno.openSync(path, { read: true });
    return readAll((buffer) => file.readSync(buffer), maxBytes);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Failure(
      "input_error",
      `cannot read ${name} ${quoted(path)}: ${cause}`,
    );
  }
}

function readAll(
  read: (buffer: Uint8Array) => number | null,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  const content = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length < content.length) {
    const count = read(content.subarray(length)) ?? 0;
    if (count === 0) return content.slice(0, length);
    length += count;
  }
  throw new Error(`it has more than ${maxBytes} bytes`);
}
