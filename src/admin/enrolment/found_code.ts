import type { EpochMs } from "../../core/epoch.ts";
import type { Redacted } from "../../text/redacted.ts";
import { matchTimeStep, timeStep } from "../../core/totp.ts";
import type { TotpParameters } from "../../core/totp_parameters.ts";

/** How far from now to look for a code, in seconds: few clocks are off by more. */
const SEARCHED_SECONDS = 60 * 60;

/** Where in time a code was found. */
export interface FoundCode {
  step: number;
  /** Time steps from now; negative in the past. */
  stepsOff: number;
}

/**
 * Looks for a code within an hour of now, nearest to now first.
 *
 * @param code decimal digits
 */
export async function findCode(
  code: string,
  { secret, parameters }: {
    secret: Redacted<Uint8Array>;
    parameters: TotpParameters;
  },
  now: EpochMs,
): Promise<FoundCode | null> {
  const { periodSeconds } = parameters;
  const searched = Math.ceil(SEARCHED_SECONDS / periodSeconds);
  const step = await matchTimeStep(secret, code, now, searched, parameters);
  return step === null ? null : { step, stepsOff: step - timeStep(now, periodSeconds) };
}

/** Says what the time of a code tells about the clocks; goes with the subject `The code`. */
export function toldDeviation({ stepsOff }: FoundCode, { periodSeconds }: TotpParameters): string {
  const seconds = Math.abs(stepsOff) * periodSeconds;
  const span = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return stepsOff < 0
    ? `was right ${span} ago: the phone's clock is slow (or this server's is fast)`
    : `will be right in ${span}: the phone's clock is fast (or this server's is slow)`;
}
