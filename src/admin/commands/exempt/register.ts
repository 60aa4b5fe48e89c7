import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addExemptOptions } from "./options.ts";

/** Adds `exempt`. */
export function registerExempt(program: AnyCommand, context: AdminContext): void {
  const command = addExemptOptions(
    program.command("exempt")
      .description("let a user in with the password alone, for a link with nobody at the keyboard")
      .argument("<user>", "username"),
  );
  addExamples(command, [
    [
      "exempt branch-office --from 192.0.2.0/24 --until 2030-01-31",
      "a link with nobody at the keyboard",
    ],
    ["exempt --end branch-office", "require a code again"],
  ]);
  command.action(async (user, options) => {
    const { exempt } = await import("./exempt.ts");
    await exempt(context, user, options);
  });
}
