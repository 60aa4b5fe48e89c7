import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `show`. */
export type ShowOptions = OptionsOf<typeof addShowOptions>;

/** Declares the options of `show`. */
export function addShowOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--secret", "show secret and provisioning URI too")
    .option("--qr <file>", "make a picture of the QR code (.png or .svg)")
    .option(
      "--sheet <file>",
      "make the page for the user again, without recovery codes (.html)",
    )
    .option("--json", "print JSON");
}
