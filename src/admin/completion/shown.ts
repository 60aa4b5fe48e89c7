import type { AnyCommand, Option } from "../command_line/commander.ts";

/** The commands of a program or a command that its help shows. */
export function visibleCommands(command: AnyCommand): AnyCommand[] {
  return command.createHelp().visibleCommands(command);
}

/** Options of the program that have no meaning beside a command. */
const ALONE: readonly (string | undefined)[] = ["--version", "--verbose"];

/** The options that a command takes: its own, and those of the program. */
export function optionsOf(command: AnyCommand): Option[] {
  const own = command.createHelp().visibleOptions(command);
  const shared = command.parent === null
    ? []
    : optionsOf(command.parent).filter(({ long }) =>
      !ALONE.includes(long) && own.every((option) => option.long !== long)
    );
  return [...own, ...shared];
}
