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
    .addOption(new Option("--sort <key>", "what to sort by").choices(SORT_KEYS).default("user"))
    .option("--reverse", "reverse the order")
    .option("--never-used", "only users who are enrolled and have never logged in")
    .option("--locked", "only users whose codes are locked")
    .option("--disabled", "only users who are disabled")
    .option("--exempt", "only users who need no code now")
    .option(
      "--idle <span>",
      "only users whose last login, or enrolment if they never logged in, is longer ago: 12h, 90d, 8w",
    )
    .option("--json", "print JSON");
}
