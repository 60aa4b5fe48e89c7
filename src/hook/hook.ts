import type { Step } from "../core/decision.ts";
import { Failure } from "../core/failure.ts";
import { quoted } from "../text/printable.ts";
import type { Refused } from "../core/verdict.ts";
import { guardProcess } from "../system/process_guard.ts";
import { readAddress, readEnvironment } from "../openvpn/script/environment.ts";
import { readSetting, type ReadVariable, SETTINGS } from "../settings.ts";
import { attemptTo, ExitStatus, type HookCall, type HookResult, refusalOf } from "./call.ts";
import { codeHook } from "./code_hook.ts";
import { openDecisionLog, Severity, type WriteDecision } from "./decision_log.ts";
import { recordLate } from "./late_record.ts";
import { openPrimary, passwordHook } from "./password_hook.ts";

/** OpenVPN's calls, by its variable `script_type`, and the step's name in the log. */
const STEPS = {
  "user-pass-verify": { name: "password", run: passwordHook },
  "client-crresponse": { name: "code", run: codeHook },
} as const;

/** How a call ends. */
export interface HookEnd {
  exitStatus: number;
  exit(status: number): void;
}

/** How long a call may take beside PAM, in seconds: usually some milliseconds. */
const SLACK_SECONDS = 10;

/**
 * Answers a call of OpenVPN's in this process, which is guarded first (`guardProcess`). See
 * {@link answerCall}.
 *
 * @returns the exit status for OpenVPN, and the one way to end with it
 */
export async function runHook(
  scriptType: string,
  args: readonly string[],
): Promise<HookEnd> {
  // Without the C library, a step that needs it says so.
  const guard = attemptTo(() => guardProcess(secondsFor(scriptType)));
  const machine = { read: readEnvironment, openPrimary };
  const exitStatus = await answerCall(scriptType, args, machine);
  return { exitStatus, exit: guard.result ?? Deno.exit };
}

/**
 * Does what OpenVPN calls for, logs the decision in one line, and never throws: whatever goes wrong
 * is a refusal.
 *
 * @param scriptType value of the variable `script_type`
 * @param args the program's arguments
 * @param machine the environment and the first factor
 * @returns the exit status for OpenVPN
 */
export async function answerCall(
  scriptType: string,
  args: readonly string[],
  machine: Omit<HookCall, "args">,
): Promise<number> {
  const { read } = machine;
  const step = Object.entries(STEPS).find(([type]) => type === scriptType)?.[1];
  let result: HookResult;
  let write: WriteDecision;
  try {
    write = openDecisionLog(readSetting(SETTINGS.log, read));
  } catch {
    // The step itself reads all settings, and refuses with the reason.
    write = openDecisionLog("stderr");
  }
  try {
    if (step === undefined) throw unknownScriptType(scriptType);
    result = await step.run({ args, ...machine });
  } catch (error) {
    result = { verdict: refusalOf(error), exitStatus: ExitStatus.REFUSE };
  }
  if (step !== undefined) await recordFailure(step.name, result, read);
  logDecision(write, result.step ?? step?.name ?? "none", result, read);
  return result.exitStatus;
}

/** What fails in a login's steps is in the audit trail by itself only where it is a decision. */
async function recordFailure(
  step: Step,
  { verdict, loginName }: HookResult,
  read: ReadVariable,
): Promise<void> {
  // A database that failed once is not waited for again.
  if (!isFailure(verdict) || verdict.detail?.startsWith("database_")) return;
  try {
    const name = loginName ?? tryRead(() => read("username")) ?? "";
    await recordLate(step, verdict, name, (name) => tryRead(() => read(name)));
  } catch {
    // The refusal stands, and its log line tells why.
  }
}

/**
 * When a call is ended that nothing else has ended: a log that nobody reads, or a module of PAM
 * outside of PAM's own time limit, would hold up OpenVPN for good.
 */
function secondsFor(scriptType: string): number {
  if (scriptType !== "user-pass-verify") return SLACK_SECONDS;
  // The step refuses a bad setting.
  const { result: pamSeconds = 0 } = attemptTo(() =>
    readSetting(SETTINGS.pamTimeoutSeconds, readEnvironment)
  );
  return pamSeconds + SLACK_SECONDS;
}

function logDecision(
  write: WriteDecision,
  step: string,
  { verdict, loginName, warning }: HookResult,
  read: ReadVariable,
): void {
  const severity = isFailure(verdict)
    ? Severity.ERROR
    : verdict.outcome === "refused"
    ? Severity.NOTICE
    : Severity.INFO;
  write({
    step,
    outcome: verdict.outcome,
    by: "by" in verdict ? verdict.by : null,
    reason: "reason" in verdict ? verdict.reason : null,
    user: loginName ?? tryRead(() => read("username")),
    address: tryRead(() => readAddress(read)),
    port: tryRead(() => read("untrusted_port")),
    common_name: tryRead(() => read("common_name")),
    detail: "detail" in verdict ? verdict.detail : null,
    warning: warning ?? ("warning" in verdict ? verdict.warning : null),
  }, severity);
}

/** Says whether a refusal is none of a step's decisions: something failed. */
function isFailure(
  verdict: HookResult["verdict"],
): verdict is Refused & { reason: "failure" } {
  return verdict.outcome === "refused" && verdict.reason === "failure";
}

/** A value that only the log wants: none is better than no line. */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function unknownScriptType(scriptType: string): Failure {
  return new Failure(
    "bad_call",
    `script_type is ${quoted(scriptType)}: use openvpn-totp for ` +
      "auth-user-pass-verify and client-crresponse only; unset script_type to administer",
  );
}
