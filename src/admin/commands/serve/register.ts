import type { AnyCommand } from "../../command_line/commander.ts";
import { addExamples } from "../../command_line/examples.ts";
import type { AdminContext } from "../../context.ts";
import { addServeOptions } from "./options.ts";

/** Adds `serve`. */
export function registerServe(program: AnyCommand, context: AdminContext): void {
  const command = addServeOptions(
    program.command("serve")
      .description(
        "answer logins over OpenVPN's management interface, so that its traffic never stops",
      ),
  );
  addExamples(command, [[
    "serve --management /run/openvpn-totp/server.sock --status /run/openvpn-totp-serve/status.sock",
    "as its systemd unit does, which setup --serve writes",
  ]]);
  command.action(async (options) => {
    const { serve } = await import("./serve.ts");
    await serve(context, options);
  });
}
