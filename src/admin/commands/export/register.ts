import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addExportOptions } from "./options.ts";

/** Adds `export`. */
export function registerExport(program: AnyCommand, context: AdminContext): void {
  const command = addExportOptions(
    program.command("export")
      .description("write the users with their secrets, for another system")
      .argument("<file>", "the file to write, which must not exist yet; - is standard output"),
  );
  addExamples(command, [["export --format uris users.txt", "one provisioning URI per line"]]);
  command.action(async (file, options) => {
    const { exportUsers } = await import("./export.ts");
    await exportUsers(context, file, options);
  });
}
