import type { Attempt } from "../core/challenge.ts";
import { Failure } from "../core/failure.ts";
import type { LoginStep } from "../core/decision.ts";
import type { PasswordBytes, PasswordForm } from "../core/password_form.ts";
import { type CodeVerdict, type PasswordVerdict, refusedBusy } from "../core/verdict.ts";
import { decisionOf } from "../login/conclude.ts";
import { isFailure } from "../login/decision_line.ts";
import { attemptTo, refusalOf } from "../login/refusal_of.ts";
import { replyWith } from "../login/reply.ts";
import { readResponse } from "../openvpn/answer.ts";
import { readAttempt, readClient } from "../openvpn/client_variables.ts";
import { readUsername } from "../openvpn/credentials.ts";
import type { ClientEvent, ClientKey } from "../openvpn/management/client_event.ts";
import { clientDeny } from "../openvpn/management/command.ts";
import type { EventVariables } from "../openvpn/management/event_variables.ts";
import { ManagementReply } from "../openvpn/management/management_reply.ts";
import { readPasswordForm } from "../openvpn/password_form.ts";
import type { LoginStore } from "../store/store.ts";
import { Redacted } from "../text/redacted.ts";
import type { CurrentLogin } from "./current_login.ts";
import type { OpenLogin } from "./open_login.ts";

/** What a client asks to be decided. */
export type LoginEvent = Exclude<ClientEvent, { kind: "disconnect" }>;

/** A decision, and the command that tells OpenVPN. */
export interface Decision {
  verdict: PasswordVerdict | CodeVerdict;
  step: LoginStep;
  /** The username as the client gave it; undefined if it could not be read. */
  loginName: string | undefined;
  /** Null if nothing is to be told. */
  command: string | null;
}

/** Who asks, and the name that no other attempt has. */
interface Asked {
  event: LoginEvent;
  attemptId: string;
  loginName: string;
}

/**
 * Decides about what a client sent. It never throws: any error is a refusal. When it returns, the
 * verdict has been committed; the password has been overwritten.
 *
 * @param server tells OpenVPN's processes apart, whose clients have the same ids, on all machines
 */
export async function decide(
  event: LoginEvent,
  server: string,
  current: CurrentLogin,
): Promise<Decision> {
  const { key, variables } = event;
  let loginName: string | undefined;
  try {
    loginName = requireLoginName(variables);
    const asked = { event, attemptId: attemptId(server, key, variables), loginName };
    return await current.use((login) => decideWith(login, asked));
  } catch (error) {
    const verdict = refusalOf(error);
    return { verdict, step: stepOf(event), loginName, command: clientDeny(key, "refused", null) };
  } finally {
    variables.wipe();
  }
}

/** The step that an event belongs to as long as nothing more is known about it. */
export function stepOf({ kind }: LoginEvent): LoginStep {
  return kind === "connect" ? "password" : "code";
}

async function decideWith(login: OpenLogin, asked: Asked): Promise<Decision> {
  const { event, loginName } = asked;
  const form = event.kind === "connect" ? passwordFormOf(event.variables) : null;
  const step = form === null || form.form === "dynamic" ? "code" : "password";
  const attempt = readAttempt(event.variables.read, asked.attemptId, loginName);
  const reply = new ManagementReply(event.key, { ...login.settings, loginName });
  let verdict: PasswordVerdict | CodeVerdict;
  try {
    verdict = await verdictOf(login, { event, form, attempt });
  } catch (error) {
    verdict = refusalOf(error);
  } finally {
    if (form !== null && "password" in form) form.password.reveal().fill(0);
  }
  await recordFailure(login, { step, attempt, verdict });
  try {
    return { verdict, step, loginName, command: replyWith(verdict, reply) };
  } catch (error) {
    return { verdict: refusalOf(error), step, loginName, command: reply.refuse(null) };
  }
}

async function verdictOf(
  { service, store: { logins } }: OpenLogin,
  { event, form, attempt }: { event: LoginEvent; form: PasswordForm | null; attempt: Attempt },
): Promise<PasswordVerdict | CodeVerdict> {
  if (event.kind === "connect" && form !== null) {
    await forgetEarlier(logins, attempt);
    return await service.password({ ...attempt, client: readClient(event.variables.read) }, form);
  }
  const response = event.kind === "answer" ? event.response : new Uint8Array();
  return await service.answer(attempt, { code: readResponse(response), isNewConnection: false });
}

/**
 * Forgets what was asked of an earlier client with the same ids: after SIGUSR1, OpenVPN counts its
 * clients from 0 again, and looks the same otherwise (seen with 2.6.14). Its challenge is not this
 * client's, whose password may be wrong, and must not stand in its way.
 */
async function forgetEarlier(logins: LoginStore, { id }: Attempt): Promise<void> {
  if (await logins.findPending(id) === null) return;
  await logins.transaction((records) => records.forgetChallenge(id));
}

/** Writes a failure to the audit trail; the service itself records only its decisions. */
async function recordFailure(
  { store, settings, now }: OpenLogin,
  { step, attempt, verdict }: {
    step: LoginStep;
    attempt: Attempt;
    verdict: PasswordVerdict | CodeVerdict;
  },
): Promise<void> {
  // A database that failed once is not tried again, which could mean another wait.
  if (!isFailure(verdict) || verdict.detail?.startsWith("database_")) return;
  try {
    const decision = decisionOf({ step, attempt }, { verdict }, now());
    await store.logins.transaction((records) => records.recordDecision(decision, settings.audit));
  } catch {
    // The refusal stands, and its log line says why.
  }
}

/** @throws Failure `bad_call`, `bad_username` */
function requireLoginName(variables: EventVariables): string {
  if (variables.isTooLarge) {
    throw new Failure("bad_call", "OpenVPN sent more variables than it can have");
  }
  const username = variables.readBytes("username");
  if (username === null) throw new Failure("bad_call", "OpenVPN sent no username");
  return readUsername(username);
}

function passwordFormOf(variables: EventVariables): PasswordForm {
  const password: PasswordBytes = new Redacted(variables.readBytes("password") ?? new Uint8Array());
  return readPasswordForm(variables.read, password);
}

/**
 * Names an attempt. OpenVPN counts its clients anew in each process, and says which one it is; so an
 * answer is known even after this service was started again in between. It also counts anew where it
 * restarts within its process (SIGUSR1), which a session's id tells apart; there is one with
 * `auth-gen-token`.
 */
function attemptId(server: string, { cid, kid }: ClientKey, { read }: EventVariables): string {
  const told = ["daemon_pid", "daemon_start_time", "session_id"];
  const process = attemptTo(() => told.flatMap((name) => read(name) ?? []).join(" ")).result;
  return `management ${server} ${process} ${cid} ${kid}`;
}

/** What is logged about a client that is told to come back before anything about it was looked at. */
export const BUSY = refusedBusy("more logins at once than --max-logins allows");

/** The same, where the service ends. */
export const STOPPING = refusedBusy("the service is stopping");

/** Tells a client to come back. */
export function comeBack(key: ClientKey): string {
  return clientDeny(key, "busy", BUSY.told ?? null);
}
