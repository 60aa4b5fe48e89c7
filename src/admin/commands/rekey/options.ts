import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `rekey`. */
export type RekeyOptions = OptionsOf<typeof addRekeyOptions>;

/** Declares the options of `rekey`. */
export function addRekeyOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--add", "only add the next key to the key file, with which nothing is sealed yet")
    .option("--yes", "don't ask whether every server has the next key")
    .option("--json", "print JSON");
}
