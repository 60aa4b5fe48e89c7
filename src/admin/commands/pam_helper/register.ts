import { resolve } from "node:path/posix";
import { SETTINGS_FILE } from "../../../service_options.ts";
import type { AnyCommand } from "../../command_line/commander.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `pam-helper`. */
export function registerPamHelper(program: AnyCommand, context: AdminContext): void {
  program.command("pam-helper")
    .description("check passwords for serve, on standard input and output; systemd starts it")
    .option("--settings <file>", `the settings' file (default: ${SETTINGS_FILE} if it exists)`)
    .action(async ({ settings }) => {
      const options = { settings: settings === undefined ? null : resolve(settings) };
      context.exitStatus = await context.services.pamHelper(options);
    });
}
