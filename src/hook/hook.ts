import { Failure } from "../core/failure.ts";
import { quoted } from "../text/printable.ts";
import { decisionFields, isFailure, severityOf } from "../login/decision_line.ts";
import { attemptTo, refusalOf } from "../login/refusal_of.ts";
import { readAddress } from "../openvpn/client_variables.ts";
import { processEnvironment } from "../openvpn/script/environment.ts";
import { ExitStatus } from "../openvpn/script/exit_status.ts";
import { readEachSetting, type ReadVariable } from "../settings.ts";
import { guardProcess } from "../system/process_guard.ts";
import type { HookCall, HookResult, OpenLogins } from "./call.ts";
import { secondsFor } from "./call_time.ts";
import { codeCall } from "./code_call.ts";
import { openDecisionLog, type WriteDecision } from "./decision_log.ts";
import { openFirstFactor } from "./first_factor.ts";
import { recordLate } from "./late_record.ts";
import { ownerToActAs } from "./owners_rights.ts";
import { passwordCall } from "./password_call.ts";

/** OpenVPN's calls by its variable `script_type`, and the step's name in the log. */
const CALLS = {
  "user-pass-verify": { step: "password", run: passwordCall },
  "client-crresponse": { step: "code", run: codeCall },
} as const;

/** One of OpenVPN's calls. */
type Call = typeof CALLS[keyof typeof CALLS];

/**
 * Answers a call by OpenVPN in this process, which is guarded first (`guardProcess`). See {@link
 * answerCall}.
 *
 * @returns the exit status for OpenVPN, and a function that ends the process with it before
 *   anything that PAM's modules have registered runs
 */
export async function runHook(
  scriptType: string,
  args: readonly string[],
  openLogins: OpenLogins,
): Promise<{ exitStatus: ExitStatus; exitAtOnce: ((status: number) => void) | undefined }> {
  const settings = readEachSetting(processEnvironment.read);
  const { database } = settings.good;
  // Only the service, and a database elsewhere, need it.
  if (database?.engine !== "postgres") Deno.permissions.revokeSync({ name: "net" });
  // Without the C library, a step that needs it reports that.
  const guard = attemptTo(() => guardProcess(secondsFor(scriptType, settings.good)));
  const call = {
    args,
    settings,
    openLogins,
    // With a server, it is the key file that may belong to the service's user, as the passfile does.
    databaseOwner: ownerToActAs(
      database?.engine === "sqlite" ? database.path : settings.good.keyFile,
    ),
    environment: processEnvironment,
    openFirstFactor,
  };
  const exitStatus = await answerCall(scriptType, call);
  return { exitStatus, exitAtOnce: guard.result };
}

/**
 * Does what OpenVPN asks for and logs the decision in one line. It never throws: any error is a
 * refusal.
 *
 * @param scriptType value of the variable `script_type`
 * @returns the exit status for OpenVPN
 */
export async function answerCall(scriptType: string, call: HookCall): Promise<ExitStatus> {
  const { read } = call.environment;
  const kind = Object.entries(CALLS).find(([type]) => type === scriptType)?.[1];
  // If the log setting is bad, the step refuses, and standard error shows the reason.
  const write = openDecisionLog(call.settings.good.log ?? "stderr");
  const result = await resultOf(scriptType, kind, call);
  if (kind !== undefined) await recordFailure(kind, result, call);
  logDecision(write, result.step ?? kind?.step ?? "none", result, read);
  return result.exitStatus;
}

async function resultOf(
  scriptType: string,
  kind: Call | undefined,
  call: HookCall,
): Promise<HookResult> {
  try {
    if (kind === undefined) throw unknownScriptType(scriptType);
    return await kind.run(call);
  } catch (error) {
    return { verdict: refusalOf(error), exitStatus: ExitStatus.REFUSE };
  }
}

/** Records the failure of a step in the audit trail; the step itself records only its decisions. */
async function recordFailure(
  { step }: Call,
  { verdict, loginName }: HookResult,
  { settings, databaseOwner, openLogins, environment: { read } }: HookCall,
): Promise<void> {
  // A database that failed once is not tried again, which could mean another wait.
  if (!isFailure(verdict) || verdict.detail?.startsWith("database_")) return;
  try {
    const tryToRead: ReadVariable = (name) => attemptTo(() => read(name)).result;
    const name = loginName ?? tryToRead("username") ?? "";
    const place = { ...settings.good, databaseOwner, openLogins };
    await recordLate({ step, verdict, loginName: name }, place, tryToRead);
  } catch {
    // The refusal stands, and its log line says why.
  }
}

function logDecision(
  write: WriteDecision,
  step: string,
  { verdict, loginName, warning }: HookResult,
  read: ReadVariable,
): void {
  // A value that only the log needs may be missing: the line is then written without it.
  const tried = <T>(action: () => T) => attemptTo(action).result;
  const fields = decisionFields({
    step,
    verdict,
    loginName: loginName ?? tried(() => read("username")),
    address: tried(() => readAddress(read)),
    port: tried(() => read("untrusted_port")),
    commonName: tried(() => read("common_name")),
    warning,
  });
  write(fields, severityOf(verdict));
}

function unknownScriptType(scriptType: string): Failure {
  return new Failure(
    "bad_call",
    `script_type is ${quoted(scriptType)}: OpenVPN may run openvpn-totp only ` +
      "through auth-user-pass-verify and client-crresponse; unset script_type to run a command",
  );
}
