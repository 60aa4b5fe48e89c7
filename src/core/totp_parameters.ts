/** How a user's codes are made (RFC 6238, RFC 4226). */
export interface TotpParameters {
  /** The hash of the HMAC (RFC 6238 section 1.2). */
  algorithm: TotpAlgorithm;
  /** Digits of a code (RFC 4226 section 5.3, Digit). */
  digits: number;
  /** Length of a time step in seconds (RFC 6238 section 4.1, X). */
  periodSeconds: number;
}

/** Hashes by the names that provisioning URIs have for them. */
export const TOTP_ALGORITHMS = ["SHA1", "SHA256", "SHA512"] as const;

/** One of {@link TOTP_ALGORITHMS}. */
export type TotpAlgorithm = typeof TOTP_ALGORITHMS[number];

/** What every authenticator app knows. */
export const COMMON_PARAMETERS: TotpParameters = {
  algorithm: "SHA1",
  digits: 6,
  periodSeconds: 30,
};

/** Lengths of codes that are allowed. */
export const TOTP_DIGITS = { least: 6, most: 8 };

/** Lengths of time steps that are allowed, in seconds: a longer one is a longer time to guess a code in. */
export const TOTP_PERIOD = { least: 15, most: 300 };

/** Lengths of secrets that are allowed, in bytes: at least 80 bits, as Google Authenticator's had. */
export const SECRET_LENGTH = { least: 10, most: 128 };

/** Says whether codes may be made so. */
export function areTotpParameters(
  { algorithm, digits, periodSeconds }: {
    algorithm: string;
    digits: number;
    periodSeconds: number;
  },
): boolean {
  return TOTP_ALGORITHMS.some((known) => known === algorithm) &&
    isWithin(digits, TOTP_DIGITS) && isWithin(periodSeconds, TOTP_PERIOD);
}

function isWithin(
  number: number,
  { least, most }: { least: number; most: number },
): boolean {
  return Number.isInteger(number) && number >= least && number <= most;
}
