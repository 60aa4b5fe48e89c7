import { DAY_MS, type EpochMs, wasSetBack } from "./epoch.ts";
import type { Reason } from "./verdict.ts";

/** Who is logging in, as OpenVPN reports it with the password and again with the answer. */
export interface Attempt {
  /**
   * An id that no other attempt has, and that is the same with the password and with the answer.
   */
  id: string;
  /** The username as the client gave it. */
  loginName: string;
  /** Common name of the client's certificate; null if it has none. */
  commonName: string | null;
  /** The client's IPv4 or IPv6 address; null if OpenVPN reports none. */
  address: string | null;
}

/** A request for a code that was sent to a client. */
export interface Challenge extends Attempt {
  /** The enrolled user that PAM authenticated; the spelling may differ from the login name. */
  username: string;
  createdAt: EpochMs;
  /** From this moment on, answers are refused. */
  expiresAt: EpochMs;
  /** The outcome of the one answer that the challenge accepts; null while it is open. */
  answer: "accepted" | "refused" | null;
}

/**
 * How long an accepted challenge is kept after its expiry, in milliseconds: a second answer must
 * still find it, and changes nothing then.
 */
export const KEPT_AFTER_EXPIRY_MS = DAY_MS;

/**
 * Says why an answer to a challenge must be refused before the code is even looked at. The answer
 * must come from the attempt that was challenged, it must be the first one, and it must be in time.
 * If the clock was set back to well before the challenge, the time is in doubt, so the answer is
 * refused.
 *
 * @param bindsAddress whether the address must be the one that was challenged (`totpBindAddress`)
 * @returns the reason to refuse, or null
 */
export function objectionToAnswer(
  challenge: Challenge,
  from: Attempt,
  now: EpochMs,
  bindsAddress: boolean,
): Reason | null {
  // With username-as-common-name, OpenVPN replaces the common name by the login name in between.
  const sameCommonName = from.commonName === challenge.commonName ||
    from.commonName === challenge.loginName;
  const sameAttempt = challenge.id === from.id &&
    challenge.loginName === from.loginName && sameCommonName &&
    (!bindsAddress || challenge.address === from.address);
  if (!sameAttempt) return "challenge_mismatch";
  if (challenge.answer !== null) return "challenge_answered";
  const inTime = !wasSetBack(challenge.createdAt, now) && now < challenge.expiresAt;
  return inTime ? null : "challenge_expired";
}
