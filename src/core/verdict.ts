import { counted } from "../text/counted.ts";
import type { Redacted } from "../text/redacted.ts";

/**
 * Why a login was refused: the name that the log shows, and what the client is told. With null, the
 * client sees only OpenVPN's own "authentication failed": until the password has been proven right,
 * all refusals look the same to it. No text here begins with `TEMP` or `CRV1:` or contains a
 * control character, because clients would misinterpret it.
 */
export const REASONS = {
  // The password step
  client_without_method:
    "This VPN client cannot ask for a TOTP code in a way that this server allows",
  bad_username: null,
  bad_password: null,
  common_name_mismatch: null,
  wrong_password: null,
  account_refused: null,
  busy: "Too many logins at once: try again later",
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
  /** What the client is told instead of the reason's own text; empty to tell it nothing. */
  told?: string;
  /** Whether the same password of this user was refused here lately, so that it is no new guess. */
  isRepeated?: boolean;
}

/** A code must follow: the password was right, or another factor decides about it. */
export interface Challenged {
  outcome: "challenged";
  /** How the client is asked for the code. */
  by: "crtext" | "dynamic";
  /** What the client must send together with its answer to a dynamic challenge. */
  stateId?: Redacted<string>;
  /** For the administrator's log alone. */
  warning?: string;
  /** Why no answer can be right; only the log may show it. */
  reason?: "not_enrolled" | "user_disabled";
}

/** The login is complete. */
export interface Accepted {
  outcome: "accepted";
  /**
   * What the acceptance is based on: a code, a recovery code, a session token that OpenVPN has
   * verified, or the password alone of a user who is exempt or not enrolled yet (`totpUnenrolled
   * allow`).
   */
  by: "code" | "recovery code" | "token" | "exemption" | "password";
  /** For the administrator's log alone. */
  warning?: string;
}

/** Nothing changes: the attempt keeps the verdict that it already has. */
export interface Unchanged {
  outcome: "unchanged";
  reason: "challenge_answered";
}

/** What the password step can end with. */
export type PasswordVerdict = Accepted | Challenged | Refused;

/** What the code step can end with. */
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
 * The refusal during a wait after failures. `TEMP` makes the client reconnect by itself with what
 * the user typed, after the backoff and to the same remote (openvpn(8), `AUTH_FAILED,TEMP`).
 *
 * @param seconds how much of the wait is left
 */
export function refusedInWait(seconds: number): Refused {
  return {
    ...refused("too_many_failures", `the wait lasts ${counted(seconds, "more second")}`),
    told: `TEMP[backoff ${seconds},advance no]: ` +
      `Too many failed logins: try again in ${counted(seconds, "second")}`,
  };
}

/**
 * The refusal of a login whose password nobody had the time to check. It says nothing about the
 * password. `TEMP` is explained at {@link refusedInWait}.
 *
 * @param detail what there was too much of
 */
export function refusedBusy(detail: string): Refused {
  return {
    ...refused("busy", detail),
    told: "TEMP[backoff 15,advance no]: Too many logins at once, try again",
  };
}

/**
 * The refusal of a login while something that it needs elsewhere cannot be used. It says nothing about
 * the password. `TEMP` is explained at {@link refusedInWait}.
 */
export function refusedForNow(detail: string): Refused {
  return {
    ...refused("failure", detail),
    told: "TEMP[backoff 15,advance no]: The login cannot be checked now, try again",
  };
}

/** Says whether a refusal by the first factor leaves open whether the password was right. */
export function isUndecided({ reason }: Refused): boolean {
  return reason === "pam_error" || reason === "busy";
}

/**
 * A refusal that tells the client nothing, because it is not known yet whether the password was
 * right.
 */
export function refusedUnproven(verdict: Refused): Refused {
  return { ...verdict, told: "" };
}

/**
 * The refusal of an answer that seems to come before its challenge.
 *
 * @param byMs how far the clock was set back, at least
 */
export function refusedBeforeChallenge(byMs: number): Refused {
  const seconds = Math.ceil(byMs / 1000);
  return {
    ...refused(
      "challenge_expired",
      `the server's clock is ${counted(seconds, "second")} before the challenge: it was set back`,
    ),
    told: "The server's clock was set back during this login: connect again",
  };
}

/**
 * The refusal while a user's codes are locked.
 *
 * @param seconds how long they stay locked
 */
export function refusedWhileLocked(seconds: number): Refused {
  const minutes = Math.ceil(seconds / 60);
  const time = seconds < 60 ? counted(seconds, "second") : counted(minutes, "minute");
  return {
    ...refused("codes_locked", `locked for ${counted(seconds, "more second")}`),
    told: `Too many wrong TOTP codes: try again in ${time}`,
  };
}

/**
 * The refusal of a right password that must be changed before it lets anybody in: its owner could
 * not know otherwise what to do.
 */
export function refusedUntilChanged(verdict: Refused): Refused {
  return { ...verdict, told: "Your password has expired: change it, then connect again" };
}

/**
 * The refusal of a wrong code that did not lock the user's codes.
 *
 * @param attemptsLeft how many more wrong codes lock them
 */
export function refusedWrongCode(attemptsLeft: number): Refused {
  const left = `${counted(attemptsLeft, "attempt")} left`;
  return {
    ...refused("wrong_code", left),
    told: `${REASONS.wrong_code} (${left})`,
  };
}
