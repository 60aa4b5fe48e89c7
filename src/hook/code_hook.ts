import { sealForeignCode } from "../system/libraries.ts";
import type { Attempt } from "../core/challenge.ts";
import type { Code } from "../core/code.ts";
import type { Redacted } from "../text/redacted.ts";
import type { CodeVerdict } from "../core/verdict.ts";
import { Audit } from "../login/audit.ts";
import type { CodeCheckParts } from "../login/code_check.ts";
import { codeStep, type CodeStepParts } from "../login/code_step.ts";
import { PlaceThrottle } from "../login/place_throttle.ts";
import { readAttempt, requireVariable } from "../openvpn/script/environment.ts";
import { writeVerdict } from "../openvpn/script/answer_files.ts";
import { readResponseFile, removeResponseFile } from "../openvpn/script/response.ts";
import { Vault } from "../secrets/vault.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { LoginStore } from "../store/store.ts";
import {
  attemptTo,
  ExitStatus,
  type HookCall,
  type HookResult,
  openLoginStore,
  refusalOf,
  tellReason,
} from "./call.ts";

/** `client-crresponse`: the code, against the challenge of this attempt. */
export async function codeHook(call: HookCall): Promise<HookResult> {
  sealForeignCode();
  const { read } = call;
  const { code, warning } = takeResponse(call.args.at(-1));
  let verdict: CodeVerdict;
  try {
    verdict = await decide(call, code);
  } catch (error) {
    verdict = refusalOf(error);
  }
  return { ...deliver(verdict, read), warning };
}

async function decide(
  { read }: HookCall,
  code: Redacted<Code> | null,
): Promise<CodeVerdict> {
  const settings = readSettings(read);
  const attempt = readAttempt(read, requireVariable("username", read));
  using store = await openLoginStore(settings.tokenDbPath);
  return await codeStep(
    { attempt, code, isNewConnection: false },
    codeStepParts(settings, attempt, store.logins),
  );
}

/** What the code step works with, by the settings. */
export function codeStepParts(
  settings: Settings,
  attempt: Attempt,
  store: LoginStore,
): CodeStepParts {
  return {
    ...codeCheckParts(settings),
    store,
    audit: new Audit("code", attempt, settings.audit),
    binding: { address: settings.bindAddress },
    unproven: settings.primaryAuth === "external"
      ? (challenged) => new PlaceThrottle(settings.throttle, challenged)
      : null,
  };
}

/** What codes are checked with, by the settings. */
export function codeCheckParts(settings: Settings): CodeCheckParts {
  const vault = new Vault(settings.keyFile);
  return {
    openSecret: (enrolment) => vault.open(enrolment),
    now: Date.now,
    driftSteps: settings.driftSteps,
    lockout: settings.lockout,
  };
}

/**
 * Reads and removes the response file. One that can't be read is an answer without a code: it must
 * settle the challenge as any other.
 */
function takeResponse(
  path: string | undefined,
): { code: Redacted<Code> | null; warning?: string | undefined } {
  if (path === undefined) {
    return { code: null, warning: "OpenVPN gave no response file" };
  }
  const response = attemptTo(() => readResponseFile(path));
  const removal = attemptTo(() => removeResponseFile(path));
  return {
    code: response.result ?? null,
    warning: response.failure ?? removal.failure,
  };
}

/**
 * Tells OpenVPN. A refusal is reason, verdict and exit status: the last alone refuses too, so the
 * files may fail. An acceptance is the verdict, and a refusal where that can't be written.
 */
function deliver(
  verdict: CodeVerdict,
  read: HookCall["read"],
): HookResult {
  switch (verdict.outcome) {
    case "unchanged":
      return { verdict, exitStatus: ExitStatus.ACCEPT };
    case "accepted":
      try {
        writeVerdict(requireVariable("auth_control_file", read), true);
        return { verdict, exitStatus: ExitStatus.ACCEPT };
      } catch (error) {
        return { verdict: refusalOf(error), exitStatus: ExitStatus.REFUSE };
      }
    case "refused":
      tellReason(verdict, read);
      attemptTo(() => writeVerdict(requireVariable("auth_control_file", read), false));
      return { verdict, exitStatus: ExitStatus.REFUSE };
  }
}
