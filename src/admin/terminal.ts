import { Failure, isSystemError } from "../core/failure.ts";
import { printable } from "../core/printable.ts";

/** Makes arguments that an error repeats safe for the terminal, and bounds it. */
export function shortened(message: string): string {
  const most = 2000;
  return message.length <= most
    ? printable(message)
    : `${printable(message.slice(0, most))}…`;
}

/**
 * Writes to standard output.
 *
 * @throws Failure `output_error`
 * @throws Deno.errors.BrokenPipe when nobody reads any more
 */
export function out(text: string): void {
  try {
    writeAll(Deno.stdout, text);
  } catch (error) {
    if (!isSystemError(error) || error instanceof Deno.errors.BrokenPipe) {
      throw error;
    }
    throw new Failure(
      "output_error",
      `cannot write standard output: ${error.message}`,
    );
  }
}

/** Writes to standard error, or gives up on it. */
export function err(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch {
    // Nobody is left to tell; the exit status still speaks.
  }
}

function writeAll(
  to: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += to.writeSync(bytes.subarray(written));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      // A pipe that doesn't block is full: its reader needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
