import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addVerifyOptions } from "./options.ts";

/** Adds `verify`. */
export function registerVerify(program: AnyCommand, context: AdminContext): void {
  const command = addVerifyOptions(
    program.command("verify")
      .description("say what a login would make of a code, and why")
      .argument("<user>", "username"),
  );
  addExamples(command, [
    ["verify exampleuser", "why this code isn't taken"],
  ]);
  command.action(async (user, options) => {
    const { verify } = await import("./verify.ts");
    await verify(context, user, options);
  });
}
