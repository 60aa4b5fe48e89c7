import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addVerifyOptions } from "./options.ts";

/** Adds `verify`. */
export function registerVerify(program: AnyCommand, context: AdminContext): void {
  const command = addVerifyOptions(
    program.command("verify")
      .description("explain whether a login would accept a code")
      .argument("<user>", "username"),
  );
  addExamples(command, [["verify exampleuser", "why a login refuses this code"]]);
  command.action(async (user, options) => {
    const { verify } = await import("./verify.ts");
    await verify(context, user, options);
  });
}
