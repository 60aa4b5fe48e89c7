import type { AnyCommand } from "../../command_line/commander.ts";

/** Adds `help`. */
export function registerHelp(program: AnyCommand): void {
  program.command("help")
    .description("show help for a command")
    .argument("[command]", "name of a command")
    .action((name) => {
      const command = name === undefined
        ? program
        : program.commands.find((command) => command.name() === name);
      if (command === undefined) {
        return program.error(`unknown command '${name}': see openvpn-totp --help`);
      }
      command.outputHelp();
    });
}
