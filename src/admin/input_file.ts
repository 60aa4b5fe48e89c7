import { Failure } from "../core/failure.ts";
import { messageOf } from "../text/message_of.ts";
import { quoted } from "../text/printable.ts";
import { asCaller } from "../system/acting_user.ts";
import { readAll } from "../system/read_all.ts";
import { readRegularFile } from "../system/read_regular_file.ts";
import type { AdminContext } from "./context.ts";

/**
 * Reads all of a file that an option names; `-` is standard input.
 *
 * @param name the option or argument, for errors
 * @param maxBytes more is refused
 * @throws Failure `input_error`
 */
export function readInputFile(
  context: AdminContext,
  name: string,
  path: string,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  return readOwnedFile(context, name, path, maxBytes).content;
}

/**
 * As {@link readInputFile}, with the owner of the file.
 *
 * @returns `uid` is null for standard input
 */
export function readOwnedFile(
  { input }: AdminContext,
  name: string,
  path: string,
  maxBytes: number,
): { content: Uint8Array<ArrayBuffer>; uid: number | null } {
  try {
    if (path !== "-") return asCaller(() => readRegularFile(path, maxBytes));
    const content = readAll((buffer) => input.read(buffer), maxBytes);
    if (content === null) throw new Error(`it is larger than ${maxBytes} bytes`);
    return { content, uid: null };
  } catch (error) {
    throw new Failure("input_error", `cannot read ${name} ${quoted(path)}: ${causeOf(error)}`);
  }
}

function causeOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  return messageOf(error);
}
