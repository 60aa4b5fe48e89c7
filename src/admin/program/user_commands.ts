import { type Command, Option } from "commander";
import { TOTP_ALGORITHMS } from "../../core/totp_parameters.ts";
import { SETTINGS } from "../../settings.ts";
import type { AdminContext } from "../context.ts";
import type { SecretEncoding } from "../enrolment/secret.ts";
import { addExamples } from "./examples.ts";
import { SORT_KEYS } from "../commands/list/user_order.ts";

const QR_MEANING = "make a picture of the QR code (.png or .svg)";

/** Adds the commands about one user or all. */
export function addUserCommands(program: Command, context: AdminContext): void {
  program.commandsGroup("Users:");

  const enroll = program.command("enroll")
    .description(
      "enrol a user: prints username, secret and provisioning URI",
    )
    .argument("[user]", "username, as given at the login")
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
        .choices(["base32", "hex"] satisfies SecretEncoding[]),
    )
    .addOption(
      new Option("--algorithm <hash>", "hash that codes are made with")
        .choices(TOTP_ALGORITHMS),
    )
    .option("--digits <number>", "digits of a code: 6, 7 or 8")
    .option("--period <seconds>", "time that a code is shown for")
    .option("--qr <file>", QR_MEANING)
    .option(
      "--sheet <file>",
      "make a page for the user: QR code, key, steps (.html)",
    )
    .option(
      "--sheets <directory>",
      "with --from: make a directory with such a page for each user",
    )
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { enroll } = await import("../commands/enroll/enroll.ts");
      await enroll(context, user, options);
    });
  addExamples(enroll, [
    ["enroll exampleuser", "enrol a user"],
    ["enroll --replace exampleuser", "give a new secret: a lost phone"],
  ]);

  const verify = program.command("verify")
    .description("say what a login would make of a code, and why")
    .argument("<user>", "username")
    .option(
      "--code-from <file>",
      "the code, where nobody is asked; - is standard input",
    )
    .option("--use", "use a right code up: it is good for no login then")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { verify } = await import("../commands/verify/verify.ts");
      await verify(context, user, options);
    });
  addExamples(verify, [
    ["verify exampleuser", "why this code isn't taken"],
  ]);

  const list = program.command("list")
    .description("list the users who are enrolled or exempt")
    .addOption(
      new Option("--sort <key>", "sort by this").choices(SORT_KEYS)
        .default("user"),
    )
    .option("--reverse", "sort the other way round")
    .option("--never-used", "only who is enrolled and never logged in")
    .option("--locked", "only whose codes are locked")
    .option("--disabled", "only who is disabled")
    .option("--exempt", "only who needs no code now")
    .option(
      "--idle <span>",
      "only whose last login, or enrolment where there was none, is longer ago: 12h, 90d, 8w",
    )
    .option("--json", "print JSON")
    .action(async (options) => {
      const { list } = await import("../commands/list/list.ts");
      await list(context, options);
    });
  addExamples(list, [
    ["list --idle 90d --sort last-login", "who hasn't logged in for 90 days"],
    ["list --locked", "whose codes are locked now"],
  ]);

  program.command("show")
    .description("show one user's enrolment")
    .argument("<user>", "username")
    .option("--secret", "show secret and provisioning URI too")
    .option("--qr <file>", QR_MEANING)
    .option(
      "--sheet <file>",
      "make the page for the user again, without recovery codes (.html)",
    )
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { show } = await import("../commands/show/show.ts");
      await show(context, user, options);
    });

  program.command("unlock")
    .description("end the lock of a user's codes, and forget the wrong ones")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { unlock } = await import("../commands/unlock/unlock.ts");
      await unlock(context, user, options);
    });

  program.command("recovery")
    .description("give a user ten new recovery codes; earlier ones end")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { recovery } = await import("../commands/recovery/recovery.ts");
      await recovery(context, user, options);
    });

  program.command("disable")
    .description("forbid a user's logins, and keep the enrolment")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { setDisabled } = await import("../commands/disable/disable.ts");
      await setDisabled(context, user, true, options);
    });

  program.command("enable")
    .description("allow a disabled user's logins again")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { setDisabled } = await import("../commands/disable/disable.ts");
      await setDisabled(context, user, false, options);
    });

  const exempt = program.command("exempt")
    .description(
      "let a user in by the password alone: a link with nobody at the keyboard",
    )
    .argument("<user>", "username")
    .option("--until <time>", "until then: 2026-01-31 or 2026-01-31T12:00Z")
    .option("--from <network>", "from there alone: 192.0.2.7 or 192.0.2.0/24")
    .option("--end", "end the user's exemption")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { exempt } = await import("../commands/exempt/exempt.ts");
      await exempt(context, user, options);
    });
  addExamples(exempt, [
    [
      "exempt branch-office --from 192.0.2.0/24 --until 2030-01-31",
      "a link with nobody at the keyboard",
    ],
    ["exempt --end branch-office", "end that"],
  ]);

  program.command("delete")
    .description("delete a user's enrolment and pending challenges")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { deleteUser } = await import("../commands/delete/delete.ts");
      await deleteUser(context, user, options);
    });
}
