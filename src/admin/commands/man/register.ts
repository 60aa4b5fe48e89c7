import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";

/** Adds `man`. */
export function registerMan(program: AnyCommand, context: AdminContext): void {
  const command = program.command("man")
    .description("print the manual page, openvpn-totp(8)");
  addExamples(command, [[
    "man | sudo install -D -m 0644 /dev/stdin /usr/local/share/man/man8/openvpn-totp.8",
    "install the page",
  ]]);
  command.action(async () => {
    const { man } = await import("./man.ts");
    man(context);
  });
}
