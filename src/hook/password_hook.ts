import { Memory, readVariableBytes } from "../system/libc.ts";
import { sealForeignCode } from "../system/libraries.ts";
import type { Attempt } from "../core/challenge.ts";
import { Audit } from "../login/audit.ts";
import { codeStep } from "../login/code_step.ts";
import { attemptIdOfState, newStateId } from "../login/dynamic_challenge.ts";
import { passwordStep } from "../login/password_step.ts";
import { PlaceThrottle } from "../login/place_throttle.ts";
import type { PrimaryAuthentication } from "../login/primary_authentication.ts";
import {
  hasSessionTokens,
  isRenegotiation,
  knowsCrtext,
  readAttempt,
  requireVariable,
} from "../openvpn/script/environment.ts";
import {
  type PasswordForm,
  readPasswordAndCode,
  readPasswordForm,
} from "../openvpn/password_form.ts";
import { readSessionToken } from "../openvpn/session_token.ts";
import { writeDynamicChallenge, writePendingFile } from "../openvpn/script/answer_files.ts";
import { makeCredentials, readCredentialsFile } from "../openvpn/script/credentials.ts";
import { choosePamService } from "../pam/choose_pam_service.ts";
import { PamService } from "../pam/pam_service.ts";
import type { Credentials } from "../core/credentials.ts";
import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import type { Challenged, CodeVerdict, PasswordVerdict } from "../core/verdict.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { Database } from "../store/sqlite/database.ts";
import { SqliteLoginStore } from "../store/sqlite/login_store.ts";
import { codeCheckParts, codeStepParts } from "./code_hook.ts";
import {
  ExitStatus,
  type HookCall,
  type HookResult,
  openLoginDatabase,
  tellReason,
} from "./call.ts";
import { PamFactor } from "./pam_factor.ts";

/** `auth-user-pass-verify`: username and password, then the code or the request for it. */
export async function passwordHook(call: HookCall): Promise<HookResult> {
  const { read } = call;
  const settings = readSettings(read);
  const primary = call.openPrimary(settings);
  const { username, password } = readCredentials(call);
  sealForeignCode();

  const sent = readPasswordForm(read, password);
  try {
    const attempt = readAttempt(read, username);
    using database = await openLoginDatabase(settings.tokenDbPath);
    const store = new SqliteLoginStore(database);
    const verdict = sent.form === "dynamic"
      ? await answerStep(sent, attempt, settings, database)
      : await passwordStep({
        attempt,
        token: readSessionToken(read, password.reveal()),
        ...readPasswordAndCode(
          ...[sent, knowsCrtext(read), settings] as const,
          await digitsOf(username, settings, store),
        ),
      }, {
        ...codeCheckParts(settings),
        primary,
        store,
        audit: new Audit("password", attempt, settings.audit),
        throttle: new PlaceThrottle(settings.throttle, attempt),
        challengeTimeoutSeconds: settings.challengeTimeout,
        newStateId,
        admitsUnenrolled: settings.unenrolled === "allow",
        notice: noticeOf(read),
      });
    return {
      verdict,
      exitStatus: deliver(verdict, read, settings, username),
      loginName: username,
      step: sent.form === "dynamic" ? "code" : "password",
    };
  } finally {
    password.reveal().fill(0);
    if (sent.form !== "dynamic") sent.password.reveal().fill(0);
  }
}

/** PAM with its libraries bound, unless another factor decides about the password. */
export function openPrimary(settings: Settings): PrimaryAuthentication | null {
  return settings.primaryAuth === "pam"
    ? new PamFactor(
      new PamService(choosePamService(settings.pamService), settings.pamTimeoutSeconds),
    )
    : null;
}

/** The length of a user's codes, where it is needed to find one behind the password. */
async function digitsOf(
  username: string,
  { challengeMethods }: Settings,
  store: SqliteLoginStore,
): Promise<number> {
  const enrolment = challengeMethods.includes("append")
    ? await store.findEnrolment(username, username)
    : null;
  return (enrolment?.parameters ?? COMMON_PARAMETERS).digits;
}

/** The answer to a dynamic challenge is a step of its own kind: nothing is asked of PAM. */
async function answerStep(
  { stateId, code }: PasswordForm & { form: "dynamic" },
  attempt: Attempt,
  settings: Settings,
  database: Database,
): Promise<CodeVerdict> {
  const answered = { ...attempt, id: await attemptIdOfState(stateId) };
  return await codeStep(
    { attempt: answered, code, isNewConnection: true },
    codeStepParts(settings, attempt, database),
  );
}

/** What makes a user give codes more often than need be. */
function noticeOf(
  read: HookCall["read"],
): { name: string; text: string } | null {
  if (!hasSessionTokens(read)) {
    return {
      name: "auth-gen-token",
      text: "each renegotiation asks for a code again, hourly: " +
        "add auth-gen-token to OpenVPN's configuration",
    };
  }
  return isRenegotiation(read)
    ? {
      name: "token dropped",
      text: "a client asks for a code again, as it didn't keep its session token: " +
        "update it, or raise reneg-sec in OpenVPN's configuration",
    }
    : null;
}

/** Tells OpenVPN; gives the exit status. */
function deliver(
  verdict: PasswordVerdict | CodeVerdict,
  read: HookCall["read"],
  settings: Settings,
  username: string,
): number {
  switch (verdict.outcome) {
    case "accepted":
      return ExitStatus.ACCEPT;
    case "challenged":
      return askFor(verdict, read, settings, username);
    case "refused":
      tellReason(verdict, read);
      return ExitStatus.REFUSE;
    case "unchanged":
      return ExitStatus.REFUSE;
  }
}

function askFor(
  { stateId }: Challenged,
  read: HookCall["read"],
  settings: Settings,
  username: string,
): number {
  const text = settings.challengeText;
  if (stateId === undefined) {
    const path = requireVariable("auth_pending_file", read);
    writePendingFile(path, settings.challengeTimeout, text);
    return ExitStatus.DEFER;
  }
  const path = requireVariable("auth_failed_reason_file", read);
  writeDynamicChallenge(path, stateId.reveal(), username, text);
  return ExitStatus.REFUSE;
}

/** By `via-env` OpenVPN sets `password`; by `via-file` it never does. */
function readCredentials({ args }: HookCall): Credentials {
  const file = args.at(-1);
  if (!isSet("password") && file !== undefined) {
    return readCredentialsFile(file);
  }
  const memory = new Memory();
  const [username, password] = ["username", "password"].map((name) =>
    readVariableBytes(memory, name)
  );
  Deno.env.delete("password");
  return makeCredentials(username ?? null, password ?? null);
}

/** Says so of a value that isn't UTF-8, too. */
function isSet(name: string): boolean {
  try {
    return Deno.env.has(name);
  } catch {
    return true;
  }
}
