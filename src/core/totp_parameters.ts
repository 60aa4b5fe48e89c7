/** How a user's codes are made (RFC 6238, RFC 4226). */
export interface TotpParameters {
  /** The hash of the HMAC (RFC 6238 section 1.2). */
  algorithm: TotpAlgorithm;
  /** Number of digits in a code (RFC 4226 section 5.3, Digit). */
  digits: number;
  /** Length of a time step in seconds (RFC 6238 section 4.1, X). */
  periodSeconds: number;
}

/** Hashes, by their names in provisioning URIs. */
export const TOTP_ALGORITHMS = ["SHA1", "SHA256", "SHA512"] as const;

/** One of {@link TOTP_ALGORITHMS}. */
export type TotpAlgorithm = typeof TOTP_ALGORITHMS[number];

/** What every authenticator app supports. */
export const COMMON_PARAMETERS: TotpParameters = {
  algorithm: "SHA1",
  digits: 6,
  periodSeconds: 30,
};

/** Allowed lengths of codes. */
export const TOTP_DIGITS = { least: 6, most: 8 };

/** Allowed lengths of time steps, in seconds: a longer step gives more time to guess a code. */
export const TOTP_PERIOD = { least: 15, most: 300 };

/** Allowed lengths of secrets, in bytes: at least 80 bits, as Google Authenticator's had. */
export const SECRET_LENGTH = { least: 10, most: 128 };

/** Says whether these parameters are allowed. */
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
