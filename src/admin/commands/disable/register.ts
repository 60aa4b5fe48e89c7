import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `disable`. */
export function registerDisable(program: AnyCommand, context: AdminContext): void {
  program.command("disable")
    .description("forbid a user's logins, but keep the enrolment")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { disable } = await import("./disable.ts");
      await disable(context, user, options);
    });
}

/** Adds `enable`. */
export function registerEnable(program: AnyCommand, context: AdminContext): void {
  program.command("enable")
    .description("allow a disabled user's logins again")
    .argument("<user>", "username")
    .option("--json", "print JSON")
    .action(async (user, options) => {
      const { enable } = await import("./disable.ts");
      await enable(context, user, options);
    });
}
