import { styleText } from "node:util";
import project from "../../deno.json" with { type: "json" };
import { Failure } from "../core/failure.ts";
import { SETTINGS } from "../settings.ts";
import { PROGRAM } from "../text/program_name.ts";
import { type AnyCommand, Command } from "./command_line/commander.ts";
import { registerBackup } from "./commands/backup/register.ts";
import { registerComplete } from "./commands/complete/register.ts";
import { registerCompletion } from "./commands/completion/register.ts";
import { registerDatabase } from "./commands/database/register.ts";
import { registerDelete } from "./commands/delete/register.ts";
import { registerDisable, registerEnable } from "./commands/disable/register.ts";
import { registerDoctor } from "./commands/doctor/register.ts";
import { registerEnroll } from "./commands/enroll/register.ts";
import { registerExempt } from "./commands/exempt/register.ts";
import { registerExport } from "./commands/export/register.ts";
import { registerHelp } from "./commands/help/register.ts";
import { registerImport } from "./commands/import/register.ts";
import { registerList } from "./commands/list/register.ts";
import { registerLog } from "./commands/log/register.ts";
import { registerMan } from "./commands/man/register.ts";
import { registerPamHelper } from "./commands/pam_helper/register.ts";
import { registerRecovery } from "./commands/recovery/register.ts";
import { registerRekey } from "./commands/rekey/register.ts";
import { registerRestore } from "./commands/restore/register.ts";
import { registerServe } from "./commands/serve/register.ts";
import { registerSetup } from "./commands/setup/register.ts";
import { registerShow } from "./commands/show/register.ts";
import { registerStatus } from "./commands/status/register.ts";
import { registerUnlock } from "./commands/unlock/register.ts";
import { registerVerify } from "./commands/verify/register.ts";
import type { AdminContext } from "./context.ts";
import { shortened } from "./terminal/shortened.ts";

/** Adds a command to the program. */
type Register = (program: AnyCommand, context: AdminContext) => void;

/** The commands in the order of the help, by group. */
const GROUPS: readonly (readonly [heading: string, commands: readonly Register[]])[] = [
  ["Users:", [
    registerEnroll,
    registerVerify,
    registerList,
    registerShow,
    registerUnlock,
    registerRecovery,
    registerDisable,
    registerEnable,
    registerExempt,
    registerDelete,
  ]],
  ["Server:", [
    registerLog,
    registerBackup,
    registerRestore,
    registerDatabase,
    registerDoctor,
    registerSetup,
    registerRekey,
  ]],
  ["Service:", [registerServe, registerStatus, registerPamHelper]],
  ["Other systems:", [registerImport, registerExport]],
  ["About this program:", [registerHelp, registerCompletion, registerMan, registerComplete]],
];

/**
 * The command line: one entry per subcommand, whose module is loaded when it is called.
 *
 * @param context gets `--db`, `--database` and `--key` when the command line is read
 */
export function makeProgram(context: AdminContext): AnyCommand {
  const program = new Command(PROGRAM)
    .description(
      "Two-factor logins for OpenVPN: username and password through PAM, then a TOTP code.\n" +
        "OpenVPN runs this program at each login; these commands enrol and manage users.",
    )
    .version(`${PROGRAM} ${project.version}`, "-V, --version", "show the version")
    .option("--verbose", "with --version: name the runtime and the base of the build, too")
    .option("--db <path>", `the database (default: ${SETTINGS.tokenDbPath.default})`)
    .option("--database <url>", "the database on a PostgreSQL server (postgres://user@host/name)")
    .option("--key <path>", `the key file (default: ${SETTINGS.keyFile.default})`)
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .exitOverride()
    .addHelpText(
      "after",
      "\nExit status: 0 success; 1 failure, also when doctor finds a problem, when a login would refuse\n" +
        "the code that verify was given, or when status finds a server that is not connected; 2 wrong\n" +
        "usage.\n" +
        "The settings for logins go into OpenVPN's configuration; the manual page\n" +
        "(openvpn-totp man) has them.",
    );
  program.hook("preAction", () => {
    const { db, database, key, verbose } = program.opts();
    if (verbose) {
      throw new Failure(
        "usage",
        "--verbose can be used only with --version, and with nothing else",
      );
    }
    Object.assign(context, { db, database, key });
  });
  configureOutput(program, context);
  for (const [heading, commands] of GROUPS) {
    program.commandsGroup(heading);
    for (const register of commands) register(program, context);
  }
  return program;
}

/** What commander prints: help, and errors on one line, with a suggestion. */
function configureOutput(program: AnyCommand, context: AdminContext): void {
  program
    .configureHelp({
      // Commander takes it out again where standard output has no colours.
      styleTitle: (text) => styleText("bold", text, { validateStream: false }),
    })
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      outputError: (text, write) => write(`${PROGRAM}: ${oneLine(text)}\n`),
    });
}

/** An error of the command line parser, which puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return shortened(text.trim().replace(/^error: /, "").replaceAll("\n", " "));
}
