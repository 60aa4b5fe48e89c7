import { Severity } from "../login/decision_line.ts";
import type { LogTarget } from "../settings.ts";
import { requireLogFile } from "../system/log_file.ts";
import { openSystemLogAside } from "../system/system_log.ts";
import { writeAllAsync } from "../system/write_all.ts";
import { type Field, logfmt } from "../text/logfmt.ts";
import { messageOf } from "../text/message_of.ts";
import { PROGRAM } from "../text/program_name.ts";
import { waitAtMost } from "./wait_at_most.ts";

/** More lines than wait in the worst case of a slow disk; those that come beyond it are dropped. */
const MOST_WAITING = 10_000;

/** A line that waits to be written. */
interface Waiting {
  fields: Record<string, Field>;
  severity: number;
  time: string;
}

/** Writes lines to a place; it may take its time, and throws where it cannot. */
type Write = (line: Waiting) => Promise<void>;

/**
 * The service's log: one line of logfmt for each decision and for what happens around them. Lines are
 * written one after the other, and logins never wait for them.
 */
export class ServiceLog {
  readonly #toSystem = writerToSystem();
  #write: Write;
  readonly #waiting: Waiting[] = [];
  readonly #dropped: (lines: number) => void;
  #writing: Promise<void> | null = null;

  /** @param dropped is told how many lines were given up because too many waited */
  constructor(target: LogTarget, dropped: (lines: number) => void) {
    this.#write = this.#writerTo(target);
    this.#dropped = dropped;
  }

  /** Has later lines written to another place. */
  redirect(target: LogTarget): void {
    this.#write = this.#writerTo(target);
  }

  /** Writes a decision, or another line with a severity of syslog(3). */
  write(fields: Record<string, Field>, severity: number = Severity.INFO): void {
    if (this.#waiting.length >= MOST_WAITING) return this.#dropped(1);
    this.#waiting.push({ fields, severity, time: new Date().toISOString() });
    this.#writing ??= this.#writeAll();
  }

  /** Waits until all lines are written, or some time has passed. */
  async settled(milliseconds: number): Promise<void> {
    if (this.#writing !== null) await waitAtMost(milliseconds, this.#writing);
  }

  #writerTo(target: LogTarget): Write {
    if (target === "stderr") return writeToStderr;
    return target === "syslog" ? this.#toSystem : (line) => writeToFile(target, line);
  }

  async #writeAll(): Promise<void> {
    for (let line; (line = this.#waiting.shift()) !== undefined;) {
      try {
        await this.#write(line);
      } catch (error) {
        await writeInstead(line, error);
      }
    }
    this.#writing = null;
  }
}

async function writeToFile(path: string, line: Waiting): Promise<void> {
  requireLogFile(path);
  using file = await Deno.open(path, { append: true, create: true, mode: 0o600 });
  await writeAllAsync(file, lineOf(line));
}

/** Opened in any case: later, the process may load no more foreign code. */
function writerToSystem(): Write {
  const write = openSystemLogAside(PROGRAM);
  return async ({ fields, severity }) => {
    // syslog(3) itself would drop the line silently.
    await Deno.stat("/dev/log");
    await write(severity, logfmt(fields));
  };
}

async function writeToStderr(line: Waiting): Promise<void> {
  await writeAllAsync(Deno.stderr, lineOf(line));
}

async function writeInstead(line: Waiting, error: unknown): Promise<void> {
  const fields = { ...line.fields, log_error: messageOf(error) };
  try {
    await writeToStderr({ ...line, fields });
  } catch {
    // Nobody is left to tell.
  }
}

function lineOf({ time, fields }: Waiting): Uint8Array {
  return new TextEncoder().encode(`${logfmt({ time, program: PROGRAM, ...fields })}\n`);
}
