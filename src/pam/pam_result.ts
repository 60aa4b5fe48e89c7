import { counted } from "../text/counted.ts";
import { pamStatusName } from "./status.ts";

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
}

/** PAM couldn't decide. */
export interface PamFailure {
  outcome: "failed";
  call: "pam_start" | "pam_set_item" | "pam_authenticate";
  status: number;
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

/** A refusal in a few words, for an administrator. */
export function describePamRefusal(service: string, refusal: PamRefusal): string {
  switch (refusal.outcome) {
    case "denied":
      return `PAM service ${service}: ${pamStatusName(refusal.status)}`;
    case "failed":
      return refusal.call === "pam_start"
        ? `pam_start: ${pamStatusName(refusal.status)}`
        : `PAM service ${service}: ${pamStatusName(refusal.status)}`;
    case "unnamed":
      return "PAM returned no username, or one that is not valid UTF-8";
    case "no_answer":
      return `PAM service ${service}: no answer within ${counted(refusal.seconds, "second")}`;
  }
}
