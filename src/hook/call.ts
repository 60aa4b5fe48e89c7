import { Failure, isSystemError } from "../core/failure.ts";
import type { LoginStep } from "../core/decision.ts";
import { type CodeVerdict, type PasswordVerdict, type Refused, refused } from "../core/verdict.ts";
import type { FirstFactor } from "../login/first_factor.ts";
import { type Reply, replyWith } from "../login/reply.ts";
import type { ScriptEnvironment } from "../openvpn/script/environment.ts";
import { ExitStatus } from "../openvpn/script/exit_status.ts";
import type { ReadSettings, Settings } from "../settings.ts";

/** One call by OpenVPN. */
export interface HookCall {
  /** The program's arguments; OpenVPN puts its temporary file last. */
  args: readonly string[];
  environment: ScriptEnvironment;
  /** The settings, read once. */
  settings: ReadSettings;
  /** Opens the first factor, with all libraries that it needs. */
  openFirstFactor(settings: Settings): FirstFactor;
}

/** The result of a call. */
export interface HookResult {
  verdict: PasswordVerdict | CodeVerdict;
  exitStatus: ExitStatus;
  /** The username as the client gave it, if it may differ from the variable `username`. */
  loginName?: string | undefined;
  /** The login step, if the kind of call does not determine it. */
  step?: LoginStep;
  /** Something apart from the decision that an administrator should fix. */
  warning?: string | undefined;
}

/**
 * Hands a verdict to OpenVPN. If an acceptance or a challenge cannot be delivered, the login is
 * refused.
 */
export function deliver(
  verdict: HookResult["verdict"],
  reply: Reply<ExitStatus>,
): Pick<HookResult, "verdict" | "exitStatus"> {
  try {
    return { verdict, exitStatus: replyWith(verdict, reply) };
  } catch (error) {
    return { verdict: refusalOf(error), exitStatus: ExitStatus.REFUSE };
  }
}

/**
 * Turns a thrown error into a refusal. Only the messages of our own errors and of the operating
 * system's are shown; the message of any other error could repeat a value that must not be logged.
 */
export function refusalOf(error: unknown): Refused {
  if (error instanceof Failure) {
    return refused("failure", `${error.code}: ${error.message}`);
  }
  if (!(error instanceof Error)) return refused("failure", "unexpected error");
  return refused(
    "failure",
    isSystemError(error) ? error.message : `unexpected ${error.name} ${placeOf(error)}`,
  );
}

/**
 * Where an error was thrown. The stack begins with the message, which may have many lines: if the
 * message cannot be told apart from the rest, nothing is shown.
 */
function placeOf({ stack = "", message }: Error): string {
  const start = stack.indexOf(message);
  const places = start === -1 ? "" : stack.slice(start + message.length);
  const place = places.split("\n").find((line) => line.startsWith("    at "));
  return place?.trim() ?? "at an unknown place";
}

/** Carries on after a failure, and returns what it was. */
export function attemptTo<T>(
  action: () => T,
): { result?: T; failure?: string | undefined } {
  try {
    return { result: action() };
  } catch (error) {
    return { failure: refusalOf(error).detail };
  }
}
