import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `setup`. */
export type SetupOptions = OptionsOf<typeof addSetupOptions>;

/** Declares the options of `setup`. */
export function addSetupOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--config <file>", "the server's configuration, where it isn't the one in /etc/openvpn")
    .option("--program <path>", "this program's path, where it isn't its own")
    .option("--replace", "take another program's place in a hook's line")
    .option("--dry-run", "show the difference, and change nothing")
    .option("--yes", "don't ask")
    .option("--json", "print JSON");
}
