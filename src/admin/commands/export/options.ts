import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";

/** The options of `export`. */
export type ExportOptions = OptionsOf<typeof addExportOptions>;

/** Declares the options of `export`. */
export function addExportOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .addOption(
      new Option("--format <format>", "format of the file").choices(["json", "uris"])
        .default("json"),
    )
    .option(
      "--user <user>",
      "only this user; can be given more than once",
      (user: string, users: string[] = []) => [...users, user],
    )
    .option("--yes", "don't ask");
}
