import { Command, CommanderError } from "commander";
import { OUTCOMES } from "../core/decision.ts";
import { Failure, WRONG_USAGE } from "../core/failure.ts";
import { preventCoreDumps } from "../ffi/libc.ts";
import { SETTINGS } from "../settings.ts";
import project from "../../deno.json" with { type: "json" };
import type { AdminContext } from "./context.ts";
import { err, out, shortened } from "./terminal.ts";

const PROGRAM = "openvpn-totp";

/**
 * Runs an administrator's command line. Never throws: errors are one line on standard error.
 *
 * @param args the program's arguments
 * @returns 0 done, 1 it could not be done, 2 wrong usage
 */
export async function runAdmin(args: readonly string[]): Promise<number> {
  const context: AdminContext = {
    db: undefined,
    key: undefined,
    read: (name) => Deno.env.get(name),
    now: Date.now,
    out,
    err,
    isTerminal: Deno.stderr.isTerminal(),
  };
  try {
    preventCoreDumps();
  } catch {
    // Without the C library there is nobody to ask.
  }
  try {
    const program = makeProgram(context);
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? 0 : WRONG_USAGE;
    }
    if (error instanceof Failure) {
      err(`${PROGRAM}: ${shortened(error.message)}\n`);
      return error.exitStatus;
    }
    // A reader that has seen enough, such as `head`, is no error.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    const message = error instanceof Error ? error.message : "unknown error";
    err(`${PROGRAM}: ${shortened(message)}\n`);
    return 1;
  }
}

/**
 * The command line: one entry per subcommand, whose module is loaded when it is called.
 *
 * @param context gets `--db` and `--key` when the command line is read
 */
export function makeProgram(context: AdminContext): Command {
  const program = new Command(PROGRAM)
    .description(
      "Two-factor logins for OpenVPN: username and password through PAM, then a TOTP code.\n" +
        "OpenVPN runs this program at each login; these commands enrol and manage users.",
    )
    .version(
      `${PROGRAM} ${project.version}`,
      "-V, --version",
      "show the version",
    )
    .option(
      "--db <path>",
      `the database, where it is not ${SETTINGS.tokenDbPath.default}`,
    )
    .option(
      "--key <path>",
      `the key file, where it is not ${SETTINGS.keyFile.default}`,
    )
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      outputError: (text, write) => write(`${PROGRAM}: ${oneLine(text)}\n`),
    })
    .exitOverride()
    .hook("preAction", () => {
      const { db, key } = program.opts<{ db?: string; key?: string }>();
      Object.assign(context, { db, key });
    })
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 it could not be done, 2 wrong usage.\n" +
        "Settings of the hook mode go into OpenVPN's configuration; see the README.",
    );

  program.command("enroll")
    .description(
      "enrol a user: prints username, secret and provisioning URI",
    )
    .argument("<user>", "username, as given at the login")
    .option("--replace", "give an enrolled user a new secret")
    .option("--recovery-codes", "print ten recovery codes, too, a line each")
    .option(
      "--issuer <name>",
      `name that authenticator apps show (else ${SETTINGS.issuerName.name} of the environment, ` +
        `else "${SETTINGS.issuerName.default}")`,
    )
    .action(async (user, options) => {
      const { enroll } = await import("./enroll.ts");
      await enroll(context, user, options);
    });

  program.command("list")
    .description("list the enrolled users")
    .option("--json", "print JSON")
    .action(async (options) => {
      const { list } = await import("./list.ts");
      await list(context, options);
    });

  program.command("show")
    .description("show one user's enrolment")
    .argument("<user>", "username")
    .option("--secret", "show secret and provisioning URI too")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { show } = await import("./show.ts");
      await show(context, user, options);
    });

  program.command("unlock")
    .description("end the lock of a user's codes, and forget the wrong ones")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { unlock } = await import("./unlock.ts");
      await unlock(context, user, options);
    });

  program.command("recovery")
    .description("give a user ten new recovery codes; earlier ones end")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { recovery } = await import("./recovery.ts");
      await recovery(context, user, options);
    });

  program.command("disable")
    .description("forbid a user's logins, and keep the enrolment")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { setDisabled } = await import("./disable.ts");
      await setDisabled(context, user, true, options);
    });

  program.command("enable")
    .description("allow a disabled user's logins again")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { setDisabled } = await import("./disable.ts");
      await setDisabled(context, user, false, options);
    });

  program.command("exempt")
    .description(
      "let a user in by the password alone: a link with nobody at the keyboard",
    )
    .argument("<user>", "username")
    .option("--until <time>", "until then: 2026-01-31 or 2026-01-31T12:00Z")
    .option("--from <network>", "from there alone: 192.0.2.7 or 192.0.2.0/24")
    .option("--end", "end the user's exemption")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { exempt } = await import("./exempt.ts");
      await exempt(context, user, options);
    });

  program.command("delete")
    .description("delete a user's enrolment and pending challenges")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { deleteUser } = await import("./delete.ts");
      await deleteUser(context, user, options);
    });

  program.command("log")
    .description("show the audit trail: each decision about a login")
    .option("--user <user>", "of this user alone")
    .option("--since <time>", "from then on: 30m, 2h, 7d or 2026-01-31T12:00Z")
    .option("--outcome <outcome>", `only ${OUTCOMES.join(", ")}`)
    .option("--json", "print JSON")
    .action(async (options) => {
      const { log } = await import("./log.ts");
      await log(context, options);
    });

  program.command("rekey")
    .description("seal all secrets with a new key, which the key file gets")
    .option("--json", "print JSON")
    .action(async (options) => {
      const { rekey } = await import("./rekey.ts");
      await rekey(context, options);
    });

  program.command("help")
    .description("show help for a command")
    .argument("[command]", "name of a command")
    .action((name?: string) => {
      const command = name === undefined
        ? program
        : program.commands.find((command) => command.name() === name);
      if (command === undefined) {
        return program.error(
          `unknown command '${name}': see openvpn-totp --help`,
        );
      }
      command.outputHelp();
    });

  return program;
}

/** An error of the command line parser, which puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return shortened(text.trim().replace(/^error: /, "").replaceAll("\n", " "));
}
