import type { PasswordBytes, PasswordForm } from "../core/password_form.ts";
import type { CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import { refusalOf } from "../login/refusal_of.ts";
import type { Credentials } from "../openvpn/credentials.ts";
import { makeCredentials, readCredentialsFile } from "../openvpn/script/credentials.ts";
import { readClient } from "../openvpn/client_variables.ts";
import { readScriptAttempt } from "../openvpn/script/environment.ts";
import { PasswordReply } from "../openvpn/script/password_reply.ts";
import { readPasswordForm } from "../openvpn/password_form.ts";
import { requireSettings } from "../settings.ts";
import { sealForeignCode } from "../system/libraries.ts";
import { deliver, type HookCall, type HookResult } from "./call.ts";
import { decideWith } from "./open_login.ts";

/** `auth-user-pass-verify`: checks username and password, then the code or asks for it. */
export async function passwordCall(call: HookCall): Promise<HookResult> {
  const { read } = call.environment;
  const settings = requireSettings(call.settings);
  const firstFactor = call.openFirstFactor(settings);
  const { username, password } = readCredentials(call);
  sealForeignCode();
  const form = readPasswordForm(read, password);
  try {
    const attempt = { ...readScriptAttempt(read, username), client: readClient(read) };
    const { databaseOwner, openLogins } = call;
    let verdict: PasswordVerdict | CodeVerdict;
    try {
      verdict = await decideWith(
        { settings, firstFactor, openLogins, databaseOwner },
        (service) => service.password(attempt, form),
      );
    } catch (error) {
      verdict = refusalOf(error);
    }
    const reply = new PasswordReply(read, { ...settings, loginName: username });
    return {
      ...deliver(verdict, reply),
      loginName: username,
      step: form.form === "dynamic" ? "code" : "password",
    };
  } finally {
    wipe(password, form);
  }
}

/** With `via-env`, OpenVPN sets `password`; with `via-file`, it never does. */
function readCredentials({ args, environment }: HookCall): Credentials {
  const file = args.at(-1);
  if (!environment.has("password") && file !== undefined) return readCredentialsFile(file);
  const username = environment.readBytes("username");
  const password = environment.readBytes("password");
  environment.delete("password");
  return makeCredentials(username, password);
}

/** Overwrites the password, and the copy taken from an answer to a static challenge. */
function wipe(password: PasswordBytes, form: PasswordForm): void {
  password.reveal().fill(0);
  if ("password" in form) form.password.reveal().fill(0);
}
