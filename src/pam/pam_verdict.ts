import { type Refused, refused, refusedUntilChanged } from "../core/verdict.ts";
import {
  describePamRefusal,
  isAboutAccount,
  mustChangePassword,
  type PamResult,
} from "./pam_result.ts";

/** PAM's answer as a login's first factor gives it: the name that PAM settled on, or a refusal. */
export type PamVerdict = { outcome: "passed"; username: string } | Refused;

/** Which PAM has answered. */
export interface AskedPam {
  /** The service, a file in /etc/pam.d. */
  service: string;
  /**
   * What to do where modules may have lacked the rights to check any password, to follow a refusal's
   * detail; empty where they had all rights.
   */
  advice: string;
}

/**
 * PAM's answer about a password, in a login's words. The owner of a right password that has expired
 * is told so, since they could not know otherwise what to do.
 */
export function passwordVerdict(result: PamResult, asked: AskedPam): PamVerdict {
  const verdict = pamVerdict(result, asked);
  return verdict.outcome === "refused" && mustChangePassword(result)
    ? refusedUntilChanged(verdict)
    : verdict;
}

/** PAM's answer in a login's words, with advice for the administrator of an OpenVPN server. */
export function pamVerdict(result: PamResult, { service, advice }: AskedPam): PamVerdict {
  if (result.outcome === "passed") return result;
  const detail = describePamRefusal(service, result);
  switch (result.outcome) {
    case "denied":
      return refused(
        isAboutAccount(result) ? "account_refused" : "wrong_password",
        detail + advice,
      );
    case "failed":
      return refused("pam_error", result.call === "pam_start" ? detail : detail + advice);
    case "unnamed":
      return refused("pam_error", detail);
    case "no_answer":
      return refused(
        "pam_error",
        `${detail}: check which module in /etc/pam.d/${service} hangs ` +
          "(an unreachable directory server?), or raise totpPamTimeout",
      );
  }
}

/**
 * Says what to do where pam_unix(8) may not be able to check a password: it checks other users'
 * passwords for root alone, and otherwise says only "wrong".
 *
 * @param uid whom the process that asks PAM runs as; null where the system has no users
 * @param remedy how that process is made to run as root
 * @returns the end of a sentence, empty for root
 */
export function adviceForUid(uid: number | null, remedy: string): string {
  if (uid === 0) return "";
  return `; as uid ${uid}, PAM may not be able to check any password: ${remedy}, or set ` +
    "totpPrimaryAuth external";
}
