import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";
import { OUTCOMES } from "../../../core/decision.ts";

/** The options of `log`. */
export type LogOptions = OptionsOf<typeof addLogOptions>;

/** Declares the options of `log`. */
export function addLogOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--user <user>", "only decisions about this user")
    .option("--since <time>", "only decisions since then: 30m, 2h, 7d or 2026-01-31T12:00Z")
    .addOption(
      new Option("--outcome <outcome>", "only decisions with this outcome")
        .choices(OUTCOMES),
    )
    .option("--follow", "go on with each new decision, until you press Ctrl-C")
    .option("--json", "print JSON; with --follow, an object on each line");
}
