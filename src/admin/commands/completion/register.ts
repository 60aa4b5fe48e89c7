import { type AnyCommand, Argument } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { SHELLS } from "./shells.ts";

/** Adds `completion`. */
export function registerCompletion(program: AnyCommand, context: AdminContext): void {
  const command = program.command("completion")
    .description("print the completion script for a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS));
  addExamples(command, [[
    "completion bash | sudo install -D -m 0644 /dev/stdin /usr/share/bash-completion/completions/openvpn-totp",
    "install the script for bash",
  ]]);
  command.action(async (shell) => {
    const { SCRIPTS } = await import("./scripts.ts");
    context.out(SCRIPTS[shell]);
  });
}
