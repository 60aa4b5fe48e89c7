import { requireLogFile } from "../system/log_file.ts";
import { openSystemLog } from "../system/system_log.ts";
import { type Field, logfmt } from "../text/logfmt.ts";
import { messageOf } from "../text/message_of.ts";
import { PROGRAM } from "../text/program_name.ts";
import { writeAll } from "../system/write_all.ts";
import type { LogTarget } from "../settings.ts";

/** Writes one line of logfmt to a log. */
export type WriteDecision = (fields: Record<string, Field>, severity: number) => void;

/**
 * Opens the log for decisions. If the target cannot be used, lines go to standard error and say
 * why: the decision stands, whether it is logged or not.
 */
export function openDecisionLog(target: LogTarget): WriteDecision {
  if (target === "stderr") return writeToStderr;
  if (target === "syslog") return logToSystem();
  return (fields, severity) => {
    try {
      appendLine(target, line(fields));
    } catch (error) {
      writeToStderr({ ...fields, log_error: messageOf(error) }, severity);
    }
  };
}

function logToSystem(): WriteDecision {
  try {
    // syslog(3) itself would drop the line silently.
    Deno.statSync("/dev/log");
    const write = openSystemLog(PROGRAM);
    return (fields, severity) => write(severity, logfmt(fields));
  } catch (error) {
    return (fields, severity) =>
      writeToStderr({ ...fields, log_error: messageOf(error) }, severity);
  }
}

const writeToStderr: WriteDecision = (fields) => {
  try {
    writeAll(Deno.stderr, line(fields));
  } catch {
    // Nobody is left to tell; the exit status still speaks.
  }
};

function line(fields: Record<string, Field>): Uint8Array {
  const time = new Date().toISOString();
  const text = logfmt({ time, program: PROGRAM, ...fields });
  return new TextEncoder().encode(`${text}\n`);
}

function appendLine(path: string, line: Uint8Array): void {
  requireLogFile(path);
  using file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  writeAll(file, line);
}
