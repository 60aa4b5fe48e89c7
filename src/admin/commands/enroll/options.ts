import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";
import { TOTP_ALGORITHMS } from "../../../core/totp_parameters.ts";
import type { SecretEncoding } from "../../enrolment/given_secret.ts";
import { SETTINGS } from "../../../settings.ts";

/** The options of `enroll`. */
export type EnrollOptions = OptionsOf<typeof addEnrollOptions>;

/** Declares the options of `enroll`. */
export function addEnrollOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .option(
      "--from <file>",
      "enrol many users: a file with one username per line, or - for standard input",
    )
    .option("--replace", "give an enrolled user a new secret")
    .option("--recovery-codes", "also print ten recovery codes, one per line")
    .option("--confirm", "enrol the user only after a first right code")
    .option(
      "--issuer <name>",
      `name that authenticator apps show (default: ${SETTINGS.issuerName.name} from the ` +
        `environment, otherwise "${SETTINGS.issuerName.default}")`,
    )
    .option(
      "--secret-from <file>",
      "file with an existing secret or otpauth URI, such as a hardware token's, or - for standard " +
        "input",
    )
    .addOption(
      new Option("--secret-encoding <encoding>", "how that secret is written")
        .choices(["base32", "hex"] as const satisfies readonly SecretEncoding[]),
    )
    .addOption(
      new Option("--algorithm <hash>", "hash function of the codes")
        .choices(TOTP_ALGORITHMS),
    )
    .option("--digits <number>", "number of digits in a code: 6, 7 or 8")
    .option("--period <seconds>", "how long a code is shown")
    .option("--qr <file>", "write the QR code to a picture (.png or .svg)")
    .option("--sheet <file>", "write a page for the user with QR code, key and steps (.html)")
    .option(
      "--sheets <directory>",
      "with --from: create a directory with such a page for each user",
    )
    .option("--json", "print JSON");
}
