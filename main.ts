/**
 * openvpn-totp: OpenVPN runs it at each login, and administrators run it to enrol users.
 *
 * @module
 */
import type { Services } from "./src/service_options.ts";

/** What the commands `serve` and `pam-helper` start, loaded only then. */
const SERVICES: Services = {
  async serve(options) {
    const { serve } = await import("./src/serve/serve.ts");
    return await serve(options);
  },
  async pamHelper(options) {
    const { pamHelper } = await import("./src/serve/pam_helper.ts");
    return await pamHelper(options);
  },
};

/** The value of `script_type`; a value that is not UTF-8 becomes one that matches no known call. */
function readScriptType(): string | undefined {
  try {
    return Deno.env.get("script_type");
  } catch {
    return "\ufffd";
  }
}

/** Picks what to do, and loads only that: every millisecond of a hook call stalls all clients. */
async function main(): Promise<number> {
  try {
    const scriptType = readScriptType();
    if (scriptType !== undefined) {
      const run = Deno.env.has("totpDatabase")
        ? (await import("./src/hook/server_hook.ts")).runServerHook
        : (await import("./src/hook/file_hook.ts")).runFileHook;
      const { exitStatus, exitAtOnce } = await run(scriptType, Deno.args);
      exitAtOnce?.(exitStatus);
      return exitStatus;
    }
    const { runAdmin } = await import("./src/admin/admin.ts");
    return await runAdmin(Deno.args, SERVICES);
  } catch {
    // Both report their own errors; anything that still gets here is a refusal, too.
    return 1;
  }
}

Deno.exit(await main());
