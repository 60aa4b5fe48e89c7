import type { Command, OptionsOf } from "../../command_line/commander.ts";
import { STATUS_SOCKET } from "../../../service_options.ts";

/** The options of `status`. */
export type StatusOptions = OptionsOf<typeof addStatusOptions>;

/** Declares the options of `status`. */
export function addStatusOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option(
      "--socket <socket>",
      "where the service tells its status: a path, or 127.0.0.1:PORT, as serve --status has it",
      STATUS_SOCKET,
    )
    .option("--json", "print JSON");
}
