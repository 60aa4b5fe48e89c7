import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `doctor`. */
export type DoctorOptions = OptionsOf<typeof addDoctorOptions>;

/** Declares the options of `doctor`. */
export function addDoctorOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--config <file>", "the server's configuration, where it isn't the one in /etc/openvpn")
    .option("--openvpn <file>", "OpenVPN's program, to read its version")
    .option("--user <user>", "have PAM check this user's password, too")
    .option("--password-from <file>", "the password, unasked; - is stdin")
    .option("--json", "print JSON");
}
