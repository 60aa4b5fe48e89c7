import type { EpochMs } from "./epoch.ts";
import type { CodeFailures } from "./lockout.ts";
import type { TotpParameters } from "./totp_parameters.ts";

/** A user's secret as it is stored: AES-256-GCM (NIST SP 800-38D), bound to the username. */
export interface SealedSecret {
  /** The id of the key that it is sealed with. */
  keyId: string;
  /** The nonce, then the ciphertext with its tag. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** A user's enrolment: the secret shared with the authenticator app, and how it has been used. */
export interface Enrolment {
  username: string;
  /** The shared secret (RFC 4226 section 5.1, K), as it is stored. */
  secret: SealedSecret;
  /** How the codes are made from it. */
  parameters: TotpParameters;
  /** The issuer name in the provisioning URI that the user was given. */
  issuer: string;
  enrolledAt: EpochMs;
  /** When a code was last accepted. */
  lastLoginAt: EpochMs | null;
  /**
   * The newest time step whose code was accepted: codes of this step and earlier ones are refused.
   */
  lastTimeStep: number | null;
  failures: CodeFailures;
  /** When the user was disabled; null if the user may log in. */
  disabledAt: EpochMs | null;
  /** When the user last logged in without a code. */
  uncodedLoginAt: EpochMs | null;
  /** Session tokens of logins that began before this moment are void. */
  tokensValidFrom: EpochMs;
  /** How many recovery codes are left. */
  recoveryCodes: number;
}

/** Says whether a user is enrolled and not disabled. */
export function isActive(enrolment: Enrolment | null): enrolment is Enrolment {
  return enrolment !== null && enrolment.disabledAt === null;
}

/** What a new enrolment knows about the one that it may replace. */
export interface Replacement extends Pick<Enrolment, "disabledAt" | "parameters"> {
  /**
   * The earlier secret of the user where its codes are known to be others than those of this one. Of
   * any other secret that is replaced, codes that were used stay used.
   */
  replacesOther: SealedSecret | null;
}

/**
 * Says what a new enrolment keeps of the one that it replaces: a disabled user stays disabled, and
 * used codes stay used unless the new secret is known to make others.
 *
 * @param earlier null for a user who is not enrolled yet
 */
export function replaced(
  earlier: Enrolment | null,
  next: Replacement,
): Pick<Enrolment, "disabledAt" | "lastTimeStep"> {
  if (earlier === null) return { disabledAt: next.disabledAt, lastTimeStep: null };
  return {
    disabledAt: earlier.disabledAt ?? next.disabledAt,
    lastTimeStep: mayRepeat(earlier, next) ? earlier.lastTimeStep : null,
  };
}

/**
 * Says whether a used code may be a code of the new enrolment, too. With another hash or period it is
 * not: a time step of one period says nothing of another's, and could shut the user out for years.
 */
function mayRepeat(earlier: Enrolment, { parameters, replacesOther }: Replacement): boolean {
  const isSameKind = earlier.parameters.algorithm === parameters.algorithm &&
    earlier.parameters.periodSeconds === parameters.periodSeconds;
  return isSameKind && replacesOther?.bytes.toHex() !== earlier.secret.bytes.toHex();
}
