import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addImportOptions } from "./options.ts";

/** Adds `import`. */
export function registerImport(program: AnyCommand, context: AdminContext): void {
  const command = addImportOptions(
    program.command("import")
      .description("enrol users of another system with the secrets they have")
      .argument(
        "<file...>",
        "the other system's files; - is standard input, USER=FILE names a file's owner",
      ),
  );
  addExamples(command, [
    ["import /etc/openvpn/pyotp_index.db", "the older Python script's users"],
    [
      "import --dry-run /home/*/.google_authenticator",
      "what would happen to the PAM module's users",
    ],
  ]);
  command.action(async (files, options) => {
    const { importUsers } = await import("./import.ts");
    await importUsers(context, files, options);
  });
}
