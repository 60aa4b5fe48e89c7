import { openServerLogins } from "../store/open_server_logins.ts";
import { runHook } from "./hook.ts";

/** {@link runHook} with a database on a server (`totpDatabase`). */
export const runServerHook = (scriptType: string, args: readonly string[]) =>
  runHook(scriptType, args, openServerLogins);
