import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addSetupOptions } from "./options.ts";

/** Adds `setup`. */
export function registerSetup(program: AnyCommand, context: AdminContext): void {
  const command = addSetupOptions(
    program.command("setup")
      .description("add the lines that logins need to the configuration"),
  );
  addExamples(command, [
    ["setup --dry-run", "show what would change"],
    ["setup", "show it, then ask"],
    [
      "setup --token-secret /etc/openvpn/server/auth-token.key",
      "also spare users a login when OpenVPN restarts",
    ],
    ["setup --serve", "write the service's units, and let it decide about logins"],
    ["setup --hook", "take that back"],
  ]);
  command.action(async (options) => {
    const { setup } = await import("./setup.ts");
    setup(context, options);
  });
}
