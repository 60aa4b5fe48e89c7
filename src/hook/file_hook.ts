import { openFileLogins } from "../store/open_file_logins.ts";
import { runHook } from "./hook.ts";

/** {@link runHook} with a database in a file, which loads nothing for any other. */
export const runFileHook = (scriptType: string, args: readonly string[]) =>
  runHook(scriptType, args, openFileLogins);
