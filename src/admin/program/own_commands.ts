import type { Command } from "commander";

/** Adds the commands about the program itself. */
export function addOwnCommands(program: Command): void {
  program.command("help")
    .description("show help for a command")
    .argument("[command]", "name of a command")
    .action((name?: string) => {
      const command = name === undefined
        ? program
        : program.commands.find((command) => command.name() === name);
      if (command === undefined) {
        return program.error(
          `unknown command '${name}': see openvpn-totp --help`,
        );
      }
      command.outputHelp();
    });
}
