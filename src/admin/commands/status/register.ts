import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addStatusOptions } from "./options.ts";

/** Adds `status`. */
export function registerStatus(program: AnyCommand, context: AdminContext): void {
  const command = addStatusOptions(
    program.command("status")
      .description("show which servers the service is connected to, and how busy it is"),
  );
  addExamples(command, [
    ["status", "which servers are connected, and who waits"],
    ["status --json", "the same, for a program"],
  ]);
  command.action(async (options) => {
    const { status } = await import("./status.ts");
    await status(context, options);
  });
}
