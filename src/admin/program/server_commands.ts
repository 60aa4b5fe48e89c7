import { type Command, Option } from "commander";
import { OUTCOMES } from "../../core/decision.ts";
import type { AdminContext } from "../context.ts";
import { addExamples } from "./examples.ts";

const CONFIG_MEANING = "the server's configuration, where it isn't the one in /etc/openvpn";

/** Adds the commands about the server, its audit trail and its keys. */
export function addServerCommands(
  program: Command,
  context: AdminContext,
): void {
  program.commandsGroup("Server:");

  const log = program.command("log")
    .description("show the audit trail: each decision about a login")
    .option("--user <user>", "of this user alone")
    .option("--since <time>", "from then on: 30m, 2h, 7d or 2026-01-31T12:00Z")
    .addOption(
      new Option("--outcome <outcome>", "only decisions of that outcome")
        .choices(OUTCOMES),
    )
    .option("--json", "print JSON")
    .action(async (options) => {
      const { log } = await import("../commands/log/log.ts");
      await log(context, options);
    });
  addExamples(log, [
    ["log --user exampleuser --since 2h", "why a user didn't get in"],
    ["log --outcome refused --since 7d --json", "refusals, for a program"],
  ]);

  const backup = program.command("backup")
    .description("copy the database to a file, while logins go on")
    .argument("<file>", "the copy, which must not be there yet")
    .option("--json", "print JSON")
    .action(async (file, options) => {
      const { backup } = await import("../commands/backup/backup.ts");
      await backup(context, file, options);
    });
  addExamples(backup, [
    ["backup /root/openvpn-totp.backup", "the key file isn't in it"],
  ]);

  const restore = program.command("restore")
    .description("replace all users by those of a backup")
    .argument("<file>", "a file that backup made")
    .option("--yes", "don't ask")
    .option("--json", "print JSON")
    .action(async (file, options) => {
      const { restore } = await import("../commands/restore/restore.ts");
      await restore(context, file, options);
    });
  addExamples(restore, [
    ["restore /root/openvpn-totp.backup", "says what changes, then asks"],
  ]);

  const doctor = program.command("doctor")
    .description("look for what makes logins fail, and rehearse one")
    .option("--config <file>", CONFIG_MEANING)
    .option("--openvpn <file>", "OpenVPN's program, to read its version")
    .option("--user <user>", "have PAM check this user's password, too")
    .option("--password-from <file>", "the password, unasked; - is stdin")
    .option("--json", "print JSON")
    .action(async (options) => {
      const { doctor } = await import("../commands/doctor/doctor.ts");
      await doctor(context, options);
    });
  addExamples(doctor, [
    ["doctor", "before OpenVPN is restarted"],
    ["doctor --user exampleuser", "PAM, too, with the user's password"],
  ]);

  const setup = program.command("setup")
    .description("put the lines that logins need into the configuration")
    .option("--config <file>", CONFIG_MEANING)
    .option("--program <path>", "this program's path, where it isn't its own")
    .option("--replace", "take another program's place in a hook's line")
    .option("--dry-run", "show the difference, and change nothing")
    .option("--yes", "don't ask")
    .option("--json", "print JSON")
    .action(async (options) => {
      const { setup } = await import("../commands/setup/setup.ts");
      await setup(context, options);
    });
  addExamples(setup, [
    ["setup --dry-run", "what would change"],
    ["setup", "the same, then asks"],
  ]);

  program.command("rekey")
    .description("seal all secrets with a new key, which the key file gets")
    .option("--json", "print JSON")
    .action(async (options) => {
      const { rekey } = await import("../commands/rekey/rekey.ts");
      await rekey(context, options);
    });
}
