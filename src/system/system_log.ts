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

/**
 * Opens the system log (openlog(3)), facility authpriv.
 *
 * @param program the name that lines begin with
 * @returns writes a line with a severity (syslog(3))
 * @throws Failure `library_missing`
 */
export function openSystemLog(program: string): (severity: number, line: string) => void {
  const LOG_PID = 0x01;
  const LOG_AUTHPRIV = 10 << 3;
  const { openlog, syslog } = openLibrary("libc.so.6", SYSTEM_LOG).symbols;
  // openlog() keeps the pointer, so the text lies in memory that nothing frees.
  const name = new Memory().allocateString(new TextEncoder().encode(program));
  openlog(name, LOG_PID, LOG_AUTHPRIV);
  return (severity, line) => syslog(severity, cString("%s"), cString(line));
}
