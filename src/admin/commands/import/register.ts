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
        "the other system's files; - is standard input, USER=FILE names the user of a file with " +
          "one entry, and a directory stands for the files in it named USER.google_authenticator",
      ),
  );
  addExamples(command, [
    ["import /etc/openvpn/pyotp_index.db", "the older Python script's users"],
    [
      "import --dry-run /home/*/.google_authenticator",
      "what would happen to the PAM module's users",
    ],
    [
      "import --only-issuer 'My VPN' alice=aegis.json",
      "one entry of a phone's export, for the user alice",
    ],
  ]);
  command.action(async (files, options) => {
    const { importUsers } = await import("./import.ts");
    await importUsers(context, files, options);
  });
}
