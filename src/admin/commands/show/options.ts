import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `show`. */
export type ShowOptions = OptionsOf<typeof addShowOptions>;

/** Declares the options of `show`. */
export function addShowOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--secret", "also show secret and provisioning URI")
    .option("--qr <file>", "write the QR code to a picture (.png or .svg)")
    .option("--sheet <file>", "write the page for the user again, without recovery codes (.html)")
    .option("--json", "print JSON");
}
