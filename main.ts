/**
 * openvpn-totp: OpenVPN runs it at each login, an administrator to enrol users.
 *
 * @module
 */

/** The value of `script_type`; one that is not UTF-8 is not a call that we know. */
function readScriptType(): string | undefined {
  try {
    return Deno.env.get("script_type");
  } catch {
    return "\ufffd";
  }
}

/** Picks what to do, and loads just that: every millisecond of a hook call stalls all clients. */
async function main(): Promise<number> {
  try {
    const scriptType = readScriptType();
    if (scriptType !== undefined) {
      const { runHook } = await import("./src/hook/hook.ts");
      const { exitStatus, exitAtOnce } = await runHook(scriptType, Deno.args);
      exitAtOnce?.(exitStatus);
      return exitStatus;
    }
    const { runAdmin } = await import("./src/admin/admin.ts");
    return await runAdmin(Deno.args);
  } catch {
    // Both report their own errors; whatever still gets here is a refusal all the same.
    return 1;
  }
}

Deno.exit(await main());
