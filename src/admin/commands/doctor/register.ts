import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addDoctorOptions } from "./options.ts";

/** Adds `doctor`. */
export function registerDoctor(program: AnyCommand, context: AdminContext): void {
  const command = addDoctorOptions(
    program.command("doctor")
      .description("look for what makes logins fail, and rehearse a login"),
  );
  addExamples(command, [
    ["doctor", "before OpenVPN is restarted"],
    ["doctor --user exampleuser", "also try the user's password with PAM"],
  ]);
  command.action(async (options) => {
    const { doctor } = await import("./doctor.ts");
    await doctor(context, options);
  });
}
