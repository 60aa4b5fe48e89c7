import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";
import { addShowOptions } from "./options.ts";

/** Adds `show`. */
export function registerShow(program: AnyCommand, context: AdminContext): void {
  const command = addShowOptions(
    program.command("show")
      .description("show one user's enrolment")
      .argument("<user>", "username"),
  );
  command.action(async (user, options) => {
    const { show } = await import("./show.ts");
    await show(context, user, options);
  });
}
