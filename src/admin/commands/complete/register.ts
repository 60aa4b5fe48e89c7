import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `complete`, which only the completion scripts call. */
export function registerComplete(program: AnyCommand, context: AdminContext): void {
  program.command("complete", { hidden: true })
    .description("say what could come next: for the completion scripts")
    .argument("<shell>")
    .argument("[words...]")
    .action(async (shell, words) => {
      const { answerShell } = await import("./complete.ts");
      await answerShell(context, program, shell, words);
    });
}
