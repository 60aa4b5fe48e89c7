import type { Code } from "../core/code.ts";
import type { CodeVerdict } from "../core/verdict.ts";
import { CodeReply } from "../openvpn/script/code_reply.ts";
import { readScriptAttempt, requireVariable } from "../openvpn/script/environment.ts";
import { readResponseFile, removeResponseFile } from "../openvpn/script/response.ts";
import { attemptTo, refusalOf } from "../login/refusal_of.ts";
import { requireSettings } from "../settings.ts";
import { sealForeignCode } from "../system/libraries.ts";
import type { Redacted } from "../text/redacted.ts";
import { deliver, type HookCall, type HookResult } from "./call.ts";
import { unaskedFactor } from "./first_factor.ts";
import { decideWith } from "./open_login.ts";

/** `client-crresponse`: checks the code against the challenge of this attempt. */
export async function codeCall(call: HookCall): Promise<HookResult> {
  sealForeignCode();
  const { code, warning } = takeResponse(call.args.at(-1));
  let verdict: CodeVerdict;
  try {
    verdict = await decide(code, call);
  } catch (error) {
    verdict = refusalOf(error);
  }
  return { ...deliver(verdict, new CodeReply(call.environment.read)), warning };
}

async function decide(
  code: Redacted<Code> | null,
  { settings: readSettings, environment: { read }, openLogins, databaseOwner }: HookCall,
): Promise<CodeVerdict> {
  const settings = requireSettings(readSettings);
  const attempt = readScriptAttempt(read, requireVariable("username", read));
  return await decideWith(
    { settings, firstFactor: unaskedFactor(settings), openLogins, databaseOwner },
    (service) => service.answer(attempt, { code, isNewConnection: false }),
  );
}

/**
 * Reads and removes the response file. A file that cannot be read counts as an answer without a
 * code: it must settle the challenge like any other answer.
 */
function takeResponse(
  path: string | undefined,
): { code: Redacted<Code> | null; warning?: string | undefined } {
  if (path === undefined) return { code: null, warning: "OpenVPN passed no response file" };
  const response = attemptTo(() => readResponseFile(path));
  const removal = attemptTo(() => removeResponseFile(path));
  return { code: response.result ?? null, warning: response.failure ?? removal.failure };
}
