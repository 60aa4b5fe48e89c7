import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";

/** What users can be sorted by. */
const SORT_KEYS = ["user", "enrolled", "last-login", "pending", "state"] as const;

/** One of {@link SORT_KEYS}. */
export type SortKey = typeof SORT_KEYS[number];

/** The options of `list`. */
export type ListOptions = OptionsOf<typeof addListOptions>;

/** Declares the options of `list`. */
export function addListOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .addOption(
      new Option("--sort <key>", "sort by this").choices(SORT_KEYS)
        .default("user"),
    )
    .option("--reverse", "sort the other way round")
    .option("--never-used", "only who is enrolled and never logged in")
    .option("--locked", "only whose codes are locked")
    .option("--disabled", "only who is disabled")
    .option("--exempt", "only who needs no code now")
    .option(
      "--idle <span>",
      "only whose last login, or enrolment where there was none, is longer ago: 12h, 90d, 8w",
    )
    .option("--json", "print JSON");
}
