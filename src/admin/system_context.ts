import type { AdminContext } from "./context.ts";
import { readScreen } from "./terminal/screen.ts";
import { err, out, standardInput, terminalColumns } from "./terminal/terminal.ts";

/** What a command works with when an administrator runs it: the process's own streams and clock. */
export function systemContext(): AdminContext {
  const read = (name: string) => Deno.env.get(name);
  return {
    db: undefined,
    key: undefined,
    read,
    now: Date.now,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    out,
    err,
    isTerminal: Deno.stderr.isTerminal(),
    columns: terminalColumns,
    screen: readScreen(read),
    input: standardInput(),
    exitStatus: 0,
  };
}
