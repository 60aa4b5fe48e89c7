import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `verify`. */
export type VerifyOptions = OptionsOf<typeof addVerifyOptions>;

/** Declares the options of `verify`. */
export function addVerifyOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option(
      "--code-from <file>",
      "file with the code, or - for standard input; without it, you are asked",
    )
    .option("--use", "use up a right code: no login accepts it afterwards")
    .option("--json", "print JSON");
}
