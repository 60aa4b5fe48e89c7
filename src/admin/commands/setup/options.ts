import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `setup`. */
export type SetupOptions = OptionsOf<typeof addSetupOptions>;

/** Declares the options of `setup`. */
export function addSetupOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--config <file>", "the server's configuration (default: the one in /etc/openvpn)")
    .option("--program <path>", "path to write for this program (default: its own)")
    .option("--replace", "replace another program in a hook's line, or a unit that was changed")
    .option(
      "--token-secret <file>",
      "keep session tokens valid when OpenVPN restarts, with a key in this file, which is " +
        "created if it does not exist",
    )
    .option("--serve", "let the service decide about logins, and write its units")
    .option("--hook", "take that back: let OpenVPN run this program again")
    .option(
      "--server-name <name>",
      "with --serve, the server's name among several (default: that of its configuration)",
    )
    .option(
      "--management-proxy <socket>",
      "with --serve, where your own management clients connect: 127.0.0.1:PORT, or a path",
    )
    .option(
      "--apparmor",
      "add the rules that AppArmor's profile of OpenVPN lacks (default: if there is such a profile)",
    )
    .option("--no-apparmor", "write no rules for AppArmor, and take out those of this server")
    .option(
      "--root <directory>",
      "write the service's files and AppArmor's rules below this, for a system that starts there",
    )
    .option("--dry-run", "show the difference, and change nothing")
    .option("--yes", "don't ask")
    .option("--json", "print JSON");
}
