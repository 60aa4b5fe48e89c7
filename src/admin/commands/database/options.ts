import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";

/** What was given to `database init`. */
export type InitOptions = OptionsOf<typeof addInitOptions>;

/** What was given to `database copy`. */
export type CopyOptions = OptionsOf<typeof addCopyOptions>;

/** Declares the options of `database init`. */
export function addInitOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option(
      "--role <name>",
      "the role that logins use, which is granted what they need and nothing else (default: the " +
        "URL's user)",
    )
    .option("--print", "print the SQL for psql, and connect to nothing")
    .option(
      "--from <version>",
      "with --print: the version that the schema has by now (default: 0, which is none)",
    )
    .addOption(new Option("--json", "print JSON").conflicts("print"));
}

/** Declares the options of `database copy`. */
export function addCopyOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .requiredOption("--from <path>", "what to copy: a file, or a postgres:// URL")
    .requiredOption("--to <path>", "where to: a file that does not exist yet, or a postgres:// URL")
    .option("--yes", "don't ask")
    .option("--json", "print JSON");
}
