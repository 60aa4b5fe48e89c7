import type { Services } from "../service_options.ts";
import type { AdminContext } from "./context.ts";
import { systemConsole } from "./terminal/system_console.ts";

/** What a command works with when an administrator runs it: the process's own streams and clock. */
export function systemContext(services: Services): AdminContext {
  const read = (name: string) => Deno.env.get(name);
  return {
    ...systemConsole(read),
    db: undefined,
    database: undefined,
    key: undefined,
    read,
    now: Date.now,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    services,
    exitStatus: 0,
  };
}
