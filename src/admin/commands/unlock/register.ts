import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `unlock`. */
export function registerUnlock(program: AnyCommand, context: AdminContext): void {
  program.command("unlock")
    .description("end the lock on a user's codes, and forget the wrong ones")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { unlock } = await import("./unlock.ts");
      await unlock(context, user, options);
    });
}
