import { Failure, isSystemError } from "../../core/failure.ts";
import type { ReadVariable } from "../../settings.ts";
import { PROGRAM } from "../../text/program_name.ts";
import { writeAll, writeAllAsync } from "../../system/write_all.ts";
import type { Console } from "./console.ts";

/** How long the reader of a full pipe gets, in milliseconds. */
const MOMENT_MS = 10;

/** The process's own streams. */
export function systemConsole(read: ReadVariable): Console {
  const isTerminal = Deno.stdout.isTerminal();
  return {
    out,
    outAsync,
    err,
    warn: (text) => err(`${PROGRAM}: warning: ${text}\n`),
    isTerminal: Deno.stderr.isTerminal(),
    columns,
    screen: { columns: isTerminal ? columns() : null, hasColor: wantsColor(read) ?? isTerminal },
    input: {
      isTerminal: Deno.stdin.isTerminal(),
      read: (buffer) => Deno.stdin.readSync(buffer),
      setRaw: (isRaw) => Deno.stdin.setRaw(isRaw),
    },
  };
}

/**
 * Writes to standard output.
 *
 * @throws Failure `output_error`
 * @throws Deno.errors.BrokenPipe when the reader has gone
 */
function out(text: string): void {
  try {
    writeAll(patient(Deno.stdout), new TextEncoder().encode(text));
  } catch (error) {
    throw outputError(error);
  }
}

/** {@link out}, with other work going on meanwhile. */
async function outAsync(text: string): Promise<void> {
  try {
    await writeAllAsync({ write: writeSome }, new TextEncoder().encode(text));
  } catch (error) {
    throw outputError(error);
  }
}

async function writeSome(bytes: Uint8Array): Promise<number> {
  try {
    return await Deno.stdout.write(bytes);
  } catch (error) {
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
    return 0;
  }
}

function outputError(error: unknown): unknown {
  if (!isSystemError(error) || error instanceof Deno.errors.BrokenPipe) return error;
  return new Failure("output_error", `cannot write standard output: ${error.message}`);
}

/** Writes to standard error, or gives up. */
function err(text: string): void {
  try {
    writeAll(patient(Deno.stderr), new TextEncoder().encode(text));
  } catch {
    // Nobody is left to tell; the exit status still speaks.
  }
}

/** Columns of the terminal; 80 where it doesn't say. */
function columns(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80;
  }
}

/**
 * What the environment says of colour, as commander reads it for the help: none with `NO_COLOR`
 * (https://no-color.org), and some in a pipe, too, with `FORCE_COLOR` or `CLICOLOR_FORCE`.
 *
 * @returns undefined where it says nothing
 */
function wantsColor(read: ReadVariable): boolean | undefined {
  const force = read("FORCE_COLOR");
  if (read("NO_COLOR") || force === "0" || force === "false") return false;
  return force || read("CLICOLOR_FORCE") !== undefined ? true : undefined;
}

/** A non-blocking pipe may be full: its reader gets a moment. */
function patient(stream: { writeSync(bytes: Uint8Array): number }) {
  return {
    writeSync(bytes: Uint8Array): number {
      try {
        return stream.writeSync(bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, MOMENT_MS);
        return 0;
      }
    },
  };
}
