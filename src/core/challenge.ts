import type { Reason } from "./verdict.ts";

/** Who is logging in, as OpenVPN tells it in both of its calls for one attempt. */
export interface Attempt {
  /** What no other attempt has: the path of OpenVPN's `auth_control_file`. */
  id: string;
  /** The username as the client gave it. */
  loginName: string;
  /** Common name of the client's certificate; null without one. */
  commonName: string | null;
  /** The client's IPv4 or IPv6 address; null where OpenVPN names none. */
  address: string | null;
}

/** What of an attempt must be the same when the answer comes. */
export interface Binding {
  /** The client's address; it may change where clients move between networks. */
  address: boolean;
}

/** A request for a code that was sent to a client after its password had proven right. */
export interface Challenge extends Attempt {
  /** The enrolled user that PAM authenticated; may be spelled otherwise than the login name. */
  username: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  createdAt: number;
  /** From here on no answer counts; milliseconds since 1970-01-01T00:00:00Z. */
  expiresAt: number;
  /** The outcome of the one answer that it takes; null while it is open. */
  answer: "accepted" | "refused" | null;
}

/**
 * Says what speaks against taking an answer to a challenge, before the code is even looked at: it
 * must come from the very attempt that was challenged, be the first, and come in time. A clock that
 * was set back to before the challenge is doubt, and so an objection.
 *
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 * @returns the reason to refuse, or null
 */
export function objectionTo(
  challenge: Challenge,
  from: Attempt,
  nowMs: number,
  binding: Binding = { address: true },
): Reason | null {
  // With username-as-common-name OpenVPN puts the login name in the common name's place meanwhile.
  const sameCommonName = from.commonName === challenge.commonName ||
    from.commonName === challenge.loginName;
  const sameAttempt = challenge.id === from.id &&
    challenge.loginName === from.loginName && sameCommonName &&
    (!binding.address || challenge.address === from.address);
  if (!sameAttempt) return "challenge_mismatch";
  if (challenge.answer !== null) return "challenge_answered";
  const inTime = challenge.createdAt <= nowMs && nowMs < challenge.expiresAt;
  return inTime ? null : "challenge_expired";
}
