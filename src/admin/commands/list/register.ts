import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addListOptions } from "./options.ts";

/** Adds `list`. */
export function registerList(program: AnyCommand, context: AdminContext): void {
  const command = addListOptions(
    program.command("list")
      .description("list the users who are enrolled or exempt"),
  );
  addExamples(command, [
    ["list --idle 90d --sort last-login", "users who haven't logged in for 90 days"],
    ["list --locked", "users whose codes are locked now"],
  ]);
  command.action(async (options) => {
    const { list } = await import("./list.ts");
    await list(context, options);
  });
}
