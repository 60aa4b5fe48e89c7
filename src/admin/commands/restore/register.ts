import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `restore`. */
export function registerRestore(program: AnyCommand, context: AdminContext): void {
  const command = program.command("restore")
    .description("replace all users with those in a backup")
    .argument("<file>", "a file made by backup")
    .option("--yes", "don't ask")
    .option("--json", "print JSON");
  addExamples(command, [["restore /root/openvpn-totp.backup", "shows what changes, then asks"]]);
  command.action(async (file, options) => {
    const { restore } = await import("./restore.ts");
    await restore(context, file, options);
  });
}
