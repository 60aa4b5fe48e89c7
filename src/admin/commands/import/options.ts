import { type Command, Option, type OptionsOf } from "../../command_line/commander.ts";
import type { ImportFormat } from "../../../migration/formats.ts";
import { SETTINGS } from "../../../settings.ts";

// Listed here, so that other commands don't load the readers.
const IMPORT_FORMATS = [
  "pickle",
  "python-sqlite",
  "google-authenticator",
  "oath",
  "otp-secrets",
  "uris",
  "migration",
  "csv",
  "json",
  "aegis",
  "2fas",
  "andotp",
  "pskc",
] as const satisfies readonly ImportFormat[];

/** The options of `import`. */
export type ImportOptions = OptionsOf<typeof addImportOptions>;

/** Declares the options of `import`. */
export function addImportOptions<Arguments extends unknown[]>(command: Command<Arguments>) {
  return command
    .addOption(
      new Option("--format <format>", "format of the files, where it is not recognised")
        .choices(IMPORT_FORMATS),
    )
    .option("--user <user>", "user to whom the file's one entry belongs")
    .option("--only-issuer <name>", "import only entries of this issuer, as in a phone's export")
    .option("--replace", "give enrolled users the other system's secret")
    .option("--skip-enrolled", "leave enrolled users as they are")
    .option("--skip-uncarried", "leave out what cannot be carried over")
    .option(
      "--issuer <name>",
      `name that authenticator apps show, where the file has none (default: ${SETTINGS.issuerName.name})`,
    )
    .option("--digits <number>", "otp-secrets: the plugin's totp_digits")
    .option("--period <seconds>", "otp-secrets: the plugin's totp_step")
    .option("--table <name>", "python-sqlite: the table of the users")
    .option("--user-column <name>", "python-sqlite: the column of usernames")
    .option("--secret-column <name>", "python-sqlite: the column of secrets")
    .option("--dry-run", "show what would be done, and change nothing")
    .option("--yes", "don't ask")
    .option("--json", "print JSON");
}
