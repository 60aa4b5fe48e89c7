import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";
import { TOTP_ALGORITHMS } from "../../../core/totp_parameters.ts";
import type { SecretEncoding } from "../../enrolment/secret.ts";
import { SETTINGS } from "../../../settings.ts";

/** The options of `enroll`. */
export type EnrollOptions = OptionsOf<typeof addEnrollOptions>;

/** Declares the options of `enroll`. */
export function addEnrollOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option(
      "--from <file>",
      "many users: a username a line, - is standard input",
    )
    .option("--replace", "give an enrolled user a new secret")
    .option("--recovery-codes", "print ten recovery codes, too, a line each")
    .option("--confirm", "ask for a first code before the enrolment counts")
    .option(
      "--issuer <name>",
      `name that authenticator apps show (else ${SETTINGS.issuerName.name} of the environment, ` +
        `else "${SETTINGS.issuerName.default}")`,
    )
    .option(
      "--secret-from <file>",
      "a secret of your own (a hardware token's), - is standard input",
    )
    .addOption(
      new Option("--secret-encoding <encoding>", "how it is written")
        .choices(["base32", "hex"] as const satisfies readonly SecretEncoding[]),
    )
    .addOption(
      new Option("--algorithm <hash>", "hash that codes are made with")
        .choices(TOTP_ALGORITHMS),
    )
    .option("--digits <number>", "digits of a code: 6, 7 or 8")
    .option("--period <seconds>", "time that a code is shown for")
    .option("--qr <file>", "make a picture of the QR code (.png or .svg)")
    .option(
      "--sheet <file>",
      "make a page for the user: QR code, key, steps (.html)",
    )
    .option(
      "--sheets <directory>",
      "with --from: make a directory with such a page for each user",
    )
    .option("--json", "print JSON");
}
