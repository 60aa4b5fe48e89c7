import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `verify`. */
export type VerifyOptions = OptionsOf<typeof addVerifyOptions>;

/** Declares the options of `verify`. */
export function addVerifyOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option(
      "--code-from <file>",
      "the code, where nobody is asked; - is standard input",
    )
    .option("--use", "use a right code up: it is good for no login then")
    .option("--json", "print JSON");
}
