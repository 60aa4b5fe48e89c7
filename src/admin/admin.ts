import { Failure } from "../core/failure.ts";
import { preventCoreDumps } from "../system/process_guard.ts";
import type { Services } from "../service_options.ts";
import { PROGRAM } from "../text/program_name.ts";
import { CommanderError } from "./command_line/commander.ts";
import type { AdminContext } from "./context.ts";
import { makeProgram } from "./program.ts";
import { systemContext } from "./system_context.ts";
import { wrapped } from "./terminal/screen.ts";
import { shortened } from "./terminal/shortened.ts";

/** What the program ends with: done, it could not be done, it was called wrongly. */
const ExitStatus = { DONE: 0, COULD_NOT: 1, WRONG_USAGE: 2 } as const;

/**
 * Runs an administrator's command line. Never throws: errors are one line on standard error.
 *
 * @param args the program's arguments
 * @param services what `serve` and `pam-helper` start
 * @returns 0 done, 1 it could not be done, 2 wrong usage
 */
export async function runAdmin(args: readonly string[], services: Services): Promise<number> {
  const context = systemContext(services);
  try {
    preventCoreDumps();
  } catch {
    // Without the C library there is nobody to ask.
  }
  try {
    if (asksForBuild(args)) return await showBuild(context);
    await makeProgram(context).parseAsync([...args], { from: "user" });
    return context.exitStatus;
  } catch (error) {
    return report(context, error);
  }
}

/** Commander would end at `--version`, whatever follows it. */
function asksForBuild(args: readonly string[]): boolean {
  return args.length === 2 && args.includes("--verbose") &&
    (args.includes("--version") || args.includes("-V"));
}

async function showBuild(context: AdminContext): Promise<number> {
  const { buildText } = await import("./build_text.ts");
  context.out(buildText(context.screen));
  return ExitStatus.DONE;
}

/** Says what went wrong, unless commander has; gives the exit status. */
function report(context: AdminContext, error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? ExitStatus.DONE : ExitStatus.WRONG_USAGE;
  }
  // A reader that has seen enough, such as `head`, is no error.
  if (error instanceof Deno.errors.BrokenPipe) return ExitStatus.DONE;
  const message = error instanceof Error ? error.message : "unknown error";
  context.err(`${lineOf(context, error, `${PROGRAM}: ${shortened(message)}`)}\n`);
  const isUsage = error instanceof Failure && error.code === "usage";
  return isUsage ? ExitStatus.WRONG_USAGE : ExitStatus.COULD_NOT;
}

/** An error's line, which stays whole if it may name a command or a path to copy. */
function lineOf({ isTerminal, columns }: AdminContext, error: unknown, line: string): string {
  const isClosing = error instanceof Failure && error.code === "problems_found";
  if (!isClosing || !isTerminal) return line;
  return wrapped({ columns: columns(), hasColor: false }, 0, line).join("\n");
}
