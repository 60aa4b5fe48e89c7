import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `delete`. */
export function registerDelete(program: AnyCommand, context: AdminContext): void {
  program.command("delete")
    .description("delete a user's enrolment and pending challenges")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { deleteUser } = await import("./delete.ts");
      await deleteUser(context, user, options);
    });
}
