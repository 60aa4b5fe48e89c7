import { type Command, Option } from "commander";
import { SETTINGS } from "../../settings.ts";
import type { AdminContext } from "../context.ts";
import { addExamples } from "./examples.ts";

// Written out here, so that the other commands needn't load the readers.
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
];

const EXPORT_FORMATS = ["json", "uris"];

/** Adds the commands that bring users from other systems, and to them. */
export function addMigrationCommands(
  program: Command,
  context: AdminContext,
): void {
  program.commandsGroup("Other systems:");

  const importCommand = program.command("import")
    .description("enrol users of another system, with the secrets they have")
    .argument(
      "<file...>",
      "what the other system keeps; - is standard input, USER=FILE says whose file it is",
    )
    .addOption(
      new Option("--format <format>", "what it is, where that can't be told")
        .choices(IMPORT_FORMATS),
    )
    .option("--user <user>", "whose the .google_authenticator file is")
    .option("--replace", "give enrolled users the other system's secret")
    .option("--skip-enrolled", "leave enrolled users as they are")
    .option("--skip-uncarried", "leave out what can't be carried over")
    .option(
      "--issuer <name>",
      `name that authenticator apps show, where the file has none (else ${SETTINGS.issuerName.name})`,
    )
    .option("--digits <number>", "otp-secrets: the plugin's totp_digits")
    .option("--period <seconds>", "otp-secrets: the plugin's totp_step")
    .option("--table <name>", "python-sqlite: the table of the users")
    .option("--user-column <name>", "python-sqlite: the column of usernames")
    .option("--secret-column <name>", "python-sqlite: the column of secrets")
    .option("--dry-run", "show what would be done, and change nothing")
    .option("--yes", "don't ask")
    .option("--json", "print JSON")
    .action(async (files, options) => {
      const { importUsers } = await import("../commands/import/import.ts");
      await importUsers(context, files, options);
    });
  addExamples(importCommand, [
    ["import /etc/openvpn/pyotp_index.db", "the older Python script's users"],
    [
      "import --dry-run /home/*/.google_authenticator",
      "what would become of the PAM module's users",
    ],
  ]);

  const exportCommand = program.command("export")
    .description("write the users with their secrets, for another system")
    .argument("<file>", "must not be there yet; - is standard output")
    .addOption(
      new Option("--format <format>", "how").choices(EXPORT_FORMATS)
        .default("json"),
    )
    .option(
      "--user <user>",
      "only this user; may be given more than once",
      (user: string, users: string[] = []) => [...users, user],
    )
    .option("--yes", "don't ask")
    .action(async (file, options) => {
      const { exportUsers } = await import("../commands/export/export.ts");
      await exportUsers(context, file, options);
    });
  addExamples(exportCommand, [
    ["export --format uris users.txt", "a provisioning URI a line"],
  ]);
}
