import { counted } from "../text/counted.ts";
import type { Redacted } from "../text/redacted.ts";

/**
 * Why a login was refused: the name that the log shows, and what the client is told. Null says
 * nothing beyond OpenVPN's own "authentication failed": before the password has been proven right,
 * all refusals look the same to the client. No text here begins with `TEMP` or `CRV1:` or holds a control
 * character, which clients would take for something else.
 */
export const REASONS = {
  // The password step
  client_without_method:
    "This VPN client cannot ask for a TOTP code in a way that this server allows",
  bad_username: null,
  bad_password: null,
  wrong_password: null,
  account_refused: null,
  pam_error: null,
  not_enrolled: null,
  user_disabled: null,
  token_refused: null,
  // Either step
  too_many_failures: "Too many failed logins: try again later",
  // Either step, after the right password
  codes_locked: "Too many wrong TOTP codes: try again later",
  // The code step
  no_challenge: null,
  challenge_mismatch: null,
  challenge_answered: null,
  challenge_expired: "The TOTP code came too late: connect again",
  malformed_code: "The answer was not a TOTP code: connect again",
  wrong_code: "Wrong TOTP code: check it and your device's clock, then connect again",
  code_used: "This TOTP code was already used: wait for the next one, then connect again",
  // Either
  failure: null,
} as const satisfies Record<string, string | null>;

/** The name of a reason for a refusal. */
export type Reason = keyof typeof REASONS;

/** The login is refused. */
export interface Refused {
  outcome: "refused";
  reason: Reason;
  /** For the administrator's log alone. */
  detail?: string;
  /** What the client is told in place of the reason's own text; empty for nothing. */
  told?: string;
}

/** A code must follow: the password was right, or another factor decides about it. */
export interface Challenged {
  outcome: "challenged";
  /** How the code is asked for. */
  by: "crtext" | "dynamic";
  /** What the client must send along with its answer to a dynamic challenge. */
  stateId?: Redacted<string>;
  /** For the administrator's log alone. */
  warning?: string;
  /** Why no answer can be right; only the log may say so. */
  reason?: "not_enrolled" | "user_disabled";
}

/** The login is complete. */
export interface Accepted {
  outcome: "accepted";
  /**
   * What it rests on: a code, a recovery code, a session token that OpenVPN has verified, the password
   * alone of a user who is exempt, or of one who isn't enrolled yet (`totpUnenrolled allow`).
   */
  by: "code" | "recovery code" | "token" | "exemption" | "password";
  /** For the administrator's log alone. */
  warning?: string;
}

/** Nothing changes: the verdict that this attempt already has stands. */
export interface Unchanged {
  outcome: "unchanged";
  reason: "challenge_answered";
}

/** What the password step can end in. */
export type PasswordVerdict = Accepted | Challenged | Refused;

/** What the code step can end in. */
export type CodeVerdict = Accepted | Unchanged | Refused;

/** Makes a {@link Refused}. */
export function refused(reason: Reason, detail?: string): Refused {
  return {
    outcome: "refused",
    reason,
    ...(detail === undefined ? {} : { detail }),
  };
}

/**
 * The refusal inside a wait after failures. `TEMP` makes the client come back by itself with
 * what the user has typed, after the backoff and on the same remote (openvpn(8), `AUTH_FAILED,TEMP`).
 *
 * @param seconds how long the wait still is
 */
export function refusedInWait(seconds: number): Refused {
  return {
    ...refused("too_many_failures", `the wait lasts ${counted(seconds, "second")} more`),
    told: `TEMP[backoff ${seconds},advance no]: ` +
      `Too many failed logins: try again in ${counted(seconds, "second")}`,
  };
}

/** A refusal that tells nothing: whether the password was right isn't known yet. */
export function refusedUnproven(verdict: Refused): Refused {
  return { ...verdict, told: "" };
}

/**
 * The refusal while a user's codes are locked.
 *
 * @param seconds how long they still are
 */
export function refusedWhileLocked(seconds: number): Refused {
  const minutes = Math.ceil(seconds / 60);
  const time = seconds < 60 ? counted(seconds, "second") : counted(minutes, "minute");
  return {
    ...refused("codes_locked", `locked for ${counted(seconds, "second")} more`),
    told: `Too many wrong TOTP codes: try again in ${time}`,
  };
}

/**
 * The refusal of a wrong code that has not locked the codes.
 *
 * @param attemptsLeft wrong codes until it does
 */
export function refusedWrongCode(attemptsLeft: number): Refused {
  const left = `${counted(attemptsLeft, "attempt")} left`;
  return {
    ...refused("wrong_code", left),
    told: `${REASONS.wrong_code} (${left})`,
  };
}
