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
  /** How many recovery codes are left. */
  recoveryCodes: number;
}
