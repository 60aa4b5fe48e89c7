import type { EpochMs } from "./epoch.ts";
import type { CodeFailures } from "./lockout.ts";
import type { TotpParameters } from "./totp_parameters.ts";

/** A user's secret as it is kept: AES-256-GCM (NIST SP 800-38D), bound to the username. */
export interface SealedSecret {
  /** The id of the key that it is sealed with. */
  keyId: string;
  /** The nonce, then the ciphertext with its tag. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** A user's enrolment: the secret shared with the authenticator app, and what was made of it. */
export interface Enrolment {
  username: string;
  /** The shared secret (RFC 4226 section 5.1, K), as it is kept. */
  secret: SealedSecret;
  /** How the codes are made of it. */
  parameters: TotpParameters;
  /** The issuer's name in the provisioning URI that the user was given. */
  issuer: string;
  enrolledAt: EpochMs;
  /** When a code was last accepted. */
  lastLoginAt: EpochMs | null;
  /** The newest time step whose code was accepted: none up to it is accepted again. */
  lastTimeStep: number | null;
  failures: CodeFailures;
  /** Since when the user may not log in; null where they may. */
  disabledAt: EpochMs | null;
  /** When the user last came in without a code. */
  uncodedLoginAt: EpochMs | null;
  /** Recovery codes that are left. */
  recoveryCodes: number;
}
