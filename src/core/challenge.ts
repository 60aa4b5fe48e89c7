import type { EpochMs } from "./epoch.ts";
import type { Reason } from "./verdict.ts";

/** Who is logging in, as OpenVPN says at the password and again at the answer. */
export interface Attempt {
  /** A name that no other attempt has, and that is the same at the password and at the answer. */
  id: string;
  /** The username as the client gave it. */
  loginName: string;
  /** Common name of the client's certificate; null without one. */
  commonName: string | null;
  /** The client's IPv4 or IPv6 address; null where OpenVPN names none. */
  address: string | null;
}

/** A request for a code that was sent to a client. */
export interface Challenge extends Attempt {
  /** The enrolled user that PAM authenticated; it may be spelled differently from the login name. */
  username: string;
  createdAt: EpochMs;
  /** From this moment on no answer counts. */
  expiresAt: EpochMs;
  /** The outcome of the one answer that the challenge takes; null while it is open. */
  answer: "accepted" | "refused" | null;
}

/**
 * Says why an answer to a challenge must not be taken, before the code is even looked at: it must
 * come from the very attempt that was challenged, be the first, and come in time. A clock that was
 * set back to before the challenge leaves doubt, and so is an objection.
 *
 * @param bindsAddress the address must be the one that was challenged (`totpBindAddress`)
 * @returns the reason to refuse, or null
 */
export function objectionToAnswer(
  challenge: Challenge,
  from: Attempt,
  now: EpochMs,
  bindsAddress: boolean,
): Reason | null {
  // With username-as-common-name OpenVPN replaces the common name by the login name meanwhile.
  const sameCommonName = from.commonName === challenge.commonName ||
    from.commonName === challenge.loginName;
  const sameAttempt = challenge.id === from.id &&
    challenge.loginName === from.loginName && sameCommonName &&
    (!bindsAddress || challenge.address === from.address);
  if (!sameAttempt) return "challenge_mismatch";
  if (challenge.answer !== null) return "challenge_answered";
  const inTime = challenge.createdAt <= now && now < challenge.expiresAt;
  return inTime ? null : "challenge_expired";
}
