import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `backup`. */
export function registerBackup(program: AnyCommand, context: AdminContext): void {
  const command = program.command("backup")
    .description("copy the database to a file while logins go on")
    .argument("<file>", "the copy, which must not exist yet")
    .option("--json", "print JSON");
  addExamples(command, [["backup /root/openvpn-totp.backup", "the copy, without the key file"]]);
  command.action(async (file, options) => {
    const { backup } = await import("./backup.ts");
    await backup(context, file, options);
  });
}
