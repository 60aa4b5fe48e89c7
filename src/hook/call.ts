import type { Step } from "../core/decision.ts";
import { Failure, isSystemError } from "../core/failure.ts";
import {
  type CodeVerdict,
  type PasswordVerdict,
  REASONS,
  type Refused,
  refused,
} from "../core/verdict.ts";
import type { PrimaryAuthentication } from "../login/primary_authentication.ts";
import { writeReasonFile } from "../openvpn/script/answer_files.ts";
import type { ReadVariable, Settings } from "../settings.ts";
import { openStore } from "../store/open_store.ts";
import type { Store } from "../store/store.ts";

/** One call by OpenVPN. */
export interface HookCall {
  /** The program's arguments; OpenVPN puts its temporary file last. */
  args: readonly string[];
  read: ReadVariable;
  /** Who decides about the password; null where it isn't this program. */
  openPrimary(settings: Settings): PrimaryAuthentication | null;
}

/** What a call came to. */
export interface HookResult {
  verdict: PasswordVerdict | CodeVerdict;
  /** What OpenVPN gets as exit status. */
  exitStatus: number;
  /** The username as the client gave it, where the variable `username` need not be it. */
  loginName?: string | undefined;
  /** The step that it was, where the kind of call doesn't tell. */
  step?: Step;
  /** Something beside the decision that an administrator should mend. */
  warning?: string | undefined;
}

/** Exit statuses of `auth-user-pass-verify` scripts (openvpn(8)). */
export const ExitStatus = { ACCEPT: 0, REFUSE: 1, DEFER: 2 } as const;

/** How long a login waits for another process's transaction, in milliseconds. */
const BUSY_TIMEOUT_MS = 2000;

/**
 * Opens the database for a login, which makes none.
 *
 * @throws Failure when it can't be used
 */
export function openLoginStore(path: string): Promise<Store> {
  return openStore({ path, create: false, busyTimeoutMs: BUSY_TIMEOUT_MS });
}

/**
 * Turns what was thrown into a refusal. Only our own errors and the system's speak in their own
 * words; another one's message could repeat a value that must not be logged.
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
 * Where an error was thrown. The stack begins with the message, which may have many lines: where it
 * can't be told apart from the rest, nothing is shown.
 */
function placeOf({ stack = "", message }: Error): string {
  const start = stack.indexOf(message);
  const places = start === -1 ? "" : stack.slice(start + message.length);
  const place = places.split("\n").find((line) => line.startsWith("    at "));
  return place?.trim() ?? "at an unknown place";
}

/** Carries on after a failure, and says what it was. */
export function attemptTo<T>(
  action: () => T,
): { result?: T; failure?: string | undefined } {
  try {
    return { result: action() };
  } catch (error) {
    return { failure: refusalOf(error).detail };
  }
}

/** Writes what the client may know of a refusal, which stands even when that can't be written. */
export function tellReason(verdict: Refused, read: ReadVariable): void {
  const told = verdict.told ?? REASONS[verdict.reason];
  const path = read("auth_failed_reason_file");
  if (told && path) attemptTo(() => writeReasonFile(path, told));
}
