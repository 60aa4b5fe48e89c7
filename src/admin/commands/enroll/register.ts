import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addEnrollOptions } from "./options.ts";

/** Adds `enroll`. */
export function registerEnroll(program: AnyCommand, context: AdminContext): void {
  const command = addEnrollOptions(
    program.command("enroll")
      .description("enrol a user, and print username, secret and provisioning URI")
      .argument("[user]", "username, as typed at the login"),
  );
  addExamples(command, [
    ["enroll exampleuser", "enrol a user"],
    ["enroll --replace exampleuser", "give a user a new secret, after a lost phone"],
  ]);
  command.action(async (user, options) => {
    const { enroll } = await import("./enroll.ts");
    await enroll(context, user, options);
  });
}
