import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `setup`. */
export type SetupOptions = OptionsOf<typeof addSetupOptions>;

/** Declares the options of `setup`. */
export function addSetupOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--config <file>", "the server's configuration (default: the one in /etc/openvpn)")
    .option("--program <path>", "path to write for this program (default: its own)")
    .option("--replace", "replace another program in a hook's line")
    .option(
      "--token-secret <file>",
      "keep session tokens valid when OpenVPN restarts, with a key in this file, which is " +
        "created if it does not exist",
    )
    .option("--dry-run", "show the difference, and change nothing")
    .option("--yes", "don't ask")
    .option("--json", "print JSON");
}
