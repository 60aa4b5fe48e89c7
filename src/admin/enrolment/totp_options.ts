import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import {
  COMMON_PARAMETERS,
  TOTP_DIGITS,
  TOTP_PERIOD,
  type TotpAlgorithm,
  type TotpParameters,
} from "../../core/totp_parameters.ts";

/** Options that say how codes are made. */
export interface TotpOptions {
  algorithm?: TotpAlgorithm;
  digits?: string;
  period?: string;
}

/**
 * Reads the options that say how codes are made.
 *
 * @throws Failure `usage`
 */
export function readTotpOptions(options: TotpOptions): TotpParameters {
  const { algorithm, digits, period } = options;
  return {
    algorithm: algorithm ?? COMMON_PARAMETERS.algorithm,
    digits: digits === undefined
      ? COMMON_PARAMETERS.digits
      : readNumber("--digits", digits, TOTP_DIGITS),
    periodSeconds: period === undefined
      ? COMMON_PARAMETERS.periodSeconds
      : readNumber("--period", period, TOTP_PERIOD),
  };
}

function readNumber(
  option: string,
  text: string,
  { least, most }: { least: number; most: number },
): number {
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new Failure(
    "usage",
    `${option} is ${quoted(text)}, expected a whole number from ${least} to ${most}`,
  );
}
