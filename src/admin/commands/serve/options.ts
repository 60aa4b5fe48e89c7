import type { Command, OptionsOf } from "../../command_line/commander.ts";
import { PAM_SOCKET, SETTINGS_FILE, STATUS_SOCKET } from "../../../service_options.ts";

/** The options of `serve`. */
export type ServeCommandOptions = OptionsOf<typeof addServeOptions>;

/** Declares the options of `serve`. */
export function addServeOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .requiredOption(
      "--management <socket>",
      "OpenVPN's management socket: a path, or 127.0.0.1:PORT; repeat it for each server",
      (socket: string, earlier: string[] = []) => [...earlier, socket],
    )
    .option("--management-password <file>", "file with the password of the management sockets")
    .option(
      "--management-proxy <socket>",
      "where your own management clients connect instead; once for each --management, in their order",
      (socket: string, earlier: string[] = []) => [...earlier, socket],
    )
    .option("--settings <file>", `the settings' file (default: ${SETTINGS_FILE} if it exists)`)
    .option("--pam-socket <path>", "where PAM helpers are reached", PAM_SOCKET)
    .option(
      "--helpers <number>",
      "most PAM helpers at once (default: one more than processors, at most 10)",
    )
    .option("--max-logins <number>", "most logins that are decided about at once", "1000")
    .option(
      "--status <socket>",
      `where metrics and status are served: a path such as ${STATUS_SOCKET}, or 127.0.0.1:PORT`,
    )
    .option("--metrics-file <file>", "also write the metrics to this file, every 15 seconds");
}
