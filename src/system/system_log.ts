import { openLibrary } from "./libraries.ts";
import { cString, Memory } from "./memory.ts";

const SYSTEM_LOG = {
  openlog: {
    parameters: [
      "usize", // const char *ident
      "i32", // int option
      "i32", // int facility
    ],
    result: "void",
  },
  syslog: {
    parameters: [
      "i32", // int priority
      "buffer", // const char *format, which is always "%s"
      "buffer", // ...
    ],
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;

// The same function in a thread of Deno's pool, as it may wait for the log's reader.
const SYSTEM_LOG_ASIDE = {
  openlog: SYSTEM_LOG.openlog,
  syslog: { ...SYSTEM_LOG.syslog, nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Opens the system log (openlog(3)), facility authpriv.
 *
 * @param program the name that lines begin with
 * @returns writes a line with a severity (syslog(3))
 * @throws Failure `library_missing`
 */
export function openSystemLog(program: string): (severity: number, line: string) => void {
  const { openlog, syslog } = openLibrary("libc.so.6", SYSTEM_LOG).symbols;
  begin(program, openlog);
  return (severity, line) => syslog(severity, cString("%s"), cString(line));
}

/**
 * Opens the system log as {@link openSystemLog} does, for a process that must not wait.
 *
 * @returns writes a line, one at a time
 * @throws Failure `library_missing`
 */
export function openSystemLogAside(
  program: string,
): (severity: number, line: string) => Promise<void> {
  const { openlog, syslog } = openLibrary("libc.so.6", SYSTEM_LOG_ASIDE).symbols;
  begin(program, openlog);
  return async (severity, line) => {
    const texts = [cString("%s"), cString(line)] as const;
    await syslog(severity, ...texts);
    // Used once more, so that neither is collected while the thread reads it.
    for (const text of texts) text.fill(0);
  };
}

function begin(program: string, openlog: (name: bigint, option: number, facility: number) => void) {
  const LOG_PID = 0x01;
  const LOG_AUTHPRIV = 10 << 3;
  // openlog() keeps the pointer, so the text lies in memory that nothing frees.
  const name = new Memory().allocateString(new TextEncoder().encode(program));
  openlog(name, LOG_PID, LOG_AUTHPRIV);
}
