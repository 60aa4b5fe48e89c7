import { styleText } from "node:util";
import { Command, CommanderError } from "commander";
import { Failure } from "../core/failure.ts";
import { preventCoreDumps } from "../system/process_guard.ts";
import { SETTINGS } from "../settings.ts";
import project from "../../deno.json" with { type: "json" };
import type { AdminContext } from "./context.ts";
import { addMigrationCommands } from "./program/migration_commands.ts";
import { addOwnCommands } from "./program/own_commands.ts";
import { addServerCommands } from "./program/server_commands.ts";
import { addUserCommands } from "./program/user_commands.ts";
import { readScreen } from "./terminal/screen.ts";
import { err, input, out, shortened } from "./terminal/terminal.ts";

const PROGRAM = "openvpn-totp";

/** What the program ends with: done, it could not be done, it was called wrongly. */
const ExitStatus = { DONE: 0, COULD_NOT: 1, WRONG_USAGE: 2 } as const;

/**
 * Runs an administrator's command line. Never throws: errors are one line on standard error.
 *
 * @param args the program's arguments
 * @returns 0 done, 1 it could not be done, 2 wrong usage
 */
export async function runAdmin(args: readonly string[]): Promise<number> {
  const read = (name: string) => Deno.env.get(name);
  const context: AdminContext = {
    db: undefined,
    key: undefined,
    read,
    now: Date.now,
    out,
    err,
    isTerminal: Deno.stderr.isTerminal(),
    screen: readScreen(read),
    input,
    exitStatus: ExitStatus.DONE,
  };
  try {
    preventCoreDumps();
  } catch {
    // Without the C library there is nobody to ask.
  }
  try {
    const program = makeProgram(context);
    await program.parseAsync([...args], { from: "user" });
    return context.exitStatus;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitStatus.DONE : ExitStatus.WRONG_USAGE;
    }
    if (error instanceof Failure) {
      err(`${PROGRAM}: ${shortened(error.message)}\n`);
      return error.code === "usage" ? ExitStatus.WRONG_USAGE : ExitStatus.COULD_NOT;
    }
    // A reader that has seen enough, such as `head`, is no error.
    if (error instanceof Deno.errors.BrokenPipe) return ExitStatus.DONE;
    const message = error instanceof Error ? error.message : "unknown error";
    err(`${PROGRAM}: ${shortened(message)}\n`);
    return ExitStatus.COULD_NOT;
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
    .configureHelp({
      // Commander takes it out again where standard output has no colours.
      styleTitle: (text) => styleText("bold", text, { validateStream: false }),
    })
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
      "\nExit status: 0 done, 1 it could not be done, or doctor found a problem, or verify a code that\nlogins refuse, 2 wrong usage.\n" +
        "Settings of the hook mode go into OpenVPN's configuration; see the README.",
    );

  addUserCommands(program, context);
  addServerCommands(program, context);
  addMigrationCommands(program, context);
  addOwnCommands(program, context);
  return program;
}

/** An error of the command line parser, which puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return shortened(text.trim().replace(/^error: /, "").replaceAll("\n", " "));
}
