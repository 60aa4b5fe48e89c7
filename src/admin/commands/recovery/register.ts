import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `recovery`. */
export function registerRecovery(program: AnyCommand, context: AdminContext): void {
  program.command("recovery")
    .description("give a user ten new recovery codes; earlier ones stop working")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { recovery } = await import("./recovery.ts");
      await recovery(context, user, options);
    });
}
