import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `rekey`. */
export function registerRekey(program: AnyCommand, context: AdminContext): void {
  program.command("rekey")
    .description("seal all secrets with a new key, which is added to the key file")
    .option("--json", "print JSON")
    .action(async (options) => {
      const { rekey } = await import("./rekey.ts");
      await rekey(context, options);
    });
}
