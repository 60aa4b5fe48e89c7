import { Failure, isSystemError } from "../../core/failure.ts";
import { writeAll } from "../../system/write_all.ts";
import { printable } from "../../text/printable.ts";
import type { Input } from "./console.ts";

/** Makes arguments that an error repeats safe for the terminal, and bounds it. */
export function shortened(message: string): string {
  const most = 2000;
  return message.length <= most ? printable(message) : `${printable(message.slice(0, most))}…`;
}

/**
 * Writes to standard output.
 *
 * @throws Failure `output_error`
 * @throws Deno.errors.BrokenPipe when nobody reads any more
 */
export function out(text: string): void {
  try {
    writeAll(patient(Deno.stdout), new TextEncoder().encode(text));
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
    writeAll(patient(Deno.stderr), new TextEncoder().encode(text));
  } catch {
    // Nobody is left to tell; the exit status still speaks.
  }
}

/** Columns of the terminal, 80 where it doesn't tell. */
export function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/** Standard input; a terminal may be asked questions. */
export function standardInput(): Input {
  return {
    isTerminal: Deno.stdin.isTerminal(),
    read: (buffer) => Deno.stdin.readSync(buffer),
    setRaw: (isRaw) => Deno.stdin.setRaw(isRaw),
  };
}

/** A pipe that doesn't block may be full: its reader is given a moment. */
function patient(stream: { writeSync(bytes: Uint8Array): number }) {
  return {
    writeSync(bytes: Uint8Array): number {
      try {
        return stream.writeSync(bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        return 0;
      }
    },
  };
}
