import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `exempt`. */
export type ExemptOptions = OptionsOf<typeof addExemptOptions>;

/** Declares the options of `exempt`. */
export function addExemptOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--until <time>", "when the exemption ends: 2026-01-31 or 2026-01-31T12:00Z")
    .option(
      "--from <network>",
      "where it applies, an address or a network: 192.0.2.7 or 192.0.2.0/24",
    )
    .option("--end", "end the user's exemption")
    .option("--json", "print JSON");
}
