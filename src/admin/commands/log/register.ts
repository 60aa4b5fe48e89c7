import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addLogOptions } from "./options.ts";

/** Adds `log`. */
export function registerLog(program: AnyCommand, context: AdminContext): void {
  const command = addLogOptions(
    program.command("log")
      .description("show the audit trail: each decision about a login"),
  );
  addExamples(command, [
    ["log --user exampleuser --since 2h", "why a user didn't get in"],
    ["log --follow --since 5m", "what is happening now"],
    ["log --outcome refused --since 7d --json", "refusals, for a program"],
  ]);
  command.action(async (options) => {
    const { log } = await import("./log.ts");
    await log(context, options);
  });
}
