import type { Command, OptionsOf } from "../../command_line/commander.ts";

/** The options of `doctor`. */
export type DoctorOptions = OptionsOf<typeof addDoctorOptions>;

/** Declares the options of `doctor`. */
export function addDoctorOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option("--config <file>", "the server's configuration (default: the one in /etc/openvpn)")
    .option("--openvpn <file>", "the OpenVPN program, whose version is read")
    .option(
      "--user <user>",
      "also have PAM check this user's password, and then a random one, which fails, and counts " +
        "if PAM counts failures (pam_faillock)",
    )
    .option("--password-from <file>", "file with that password, or - for standard input")
    .option("--all", "also list what is fine")
    .option("--json", "print JSON");
}
