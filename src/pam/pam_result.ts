import { counted } from "../text/counted.ts";
import { pamStatusName, Status } from "./status.ts";

/** What came of asking PAM about a user; a status is one of `Status`. */
export type PamResult =
  /** The name that the modules settled on: directory services may have changed its case. */
  | { outcome: "passed"; username: string }
  | PamRefusal;

/** Whatever isn't a pass. */
export type PamRefusal = PamDenial | PamFailure | PamUnnamed | PamSilence;

/**
 * A decision about the user: the password is wrong or the user unknown (pam_authenticate), or the
 * account may not log in (pam_acct_mgmt).
 */
export interface PamDenial {
  outcome: "denied";
  call: "pam_authenticate" | "pam_acct_mgmt";
  status: number;
  /** What modules told the user, safe to print; left out if nothing. */
  said?: readonly string[];
}

/** PAM couldn't decide. */
export interface PamFailure {
  outcome: "failed";
  call: "pam_start" | "pam_set_item" | "pam_authenticate";
  status: number;
  /** As a denial's. */
  said?: readonly string[];
}

/** The modules let somebody in, but left no name for them, or one that isn't UTF-8. */
export interface PamUnnamed {
  outcome: "unnamed";
}

/** A module took longer than the limit. */
export interface PamSilence {
  outcome: "no_answer";
  seconds: number;
}

/**
 * Return values of pam_authenticate(3) by which modules refuse an account, whatever its password.
 * PAM_PERM_DENIED isn't one: libpam itself makes it of a stack that ends in nothing, as the one of
 * pam_faillock(8) does after a wrong password.
 */
export const ABOUT_ACCOUNT: readonly number[] = [
  Status.MAXTRIES,
  Status.NEW_AUTHTOK_REQD,
  Status.ACCT_EXPIRED,
  Status.CRED_EXPIRED,
  Status.AUTHTOK_EXPIRED,
];

/** pam_faillock(8) has the same status for a locked account as for a wrong password. */
const FAILLOCK_TEXT = /^The account is locked due to \d+ failed logins\.?$/;

/** Says whether a denial is about the account, and not its password. */
export function isAboutAccount({ call, status, said = [] }: PamDenial): boolean {
  return call === "pam_acct_mgmt" || ABOUT_ACCOUNT.includes(status) ||
    said.some((text) => FAILLOCK_TEXT.test(text));
}

/**
 * Says whether an account is refused only until its password is changed (pam_acct_mgmt(3)). Where a
 * module says that before, it need not have looked at the password.
 */
export function mustChangePassword(result: PamResult): boolean {
  return result.outcome === "denied" && result.call === "pam_acct_mgmt" &&
    result.status === Status.NEW_AUTHTOK_REQD;
}

/** A refusal in a few words, for an administrator. */
export function describePamRefusal(service: string, refusal: PamRefusal): string {
  switch (refusal.outcome) {
    case "denied":
      return `PAM service ${service}: ${describeStatus(refusal)}`;
    case "failed":
      return refusal.call === "pam_start"
        ? `pam_start: ${describeStatus(refusal)}`
        : `PAM service ${service}: ${describeStatus(refusal)}`;
    case "unnamed":
      return "PAM returned no username, or one that is not valid UTF-8";
    case "no_answer":
      return `PAM service ${service}: no answer within ${counted(refusal.seconds, "second")}`;
  }
}

function describeStatus({ status, said }: PamDenial | PamFailure): string {
  const name = pamStatusName(status);
  return said === undefined ? name : `${name}, saying: ${said.join(" ")}`;
}
