import { type Code, mayBeRecoveryCode } from "../../core/code.ts";
import { classify, type CodeJudgement } from "../../core/code_judgement.ts";
import type { EpochMs } from "../../core/epoch.ts";
import { type CodeSource, markOfCode, matchTimeStep, timeStepAt } from "../../core/totp.ts";
import type { TotpParameters } from "../../core/totp_parameters.ts";
import { letThreadRest } from "../../system/thread_rest.ts";

/** How far from now to look for a code, in seconds: few clocks are off by more. */
const SEARCHED_SECONDS = 60 * 60;

/** A user whose code is examined. */
export interface ExaminedUser extends CodeSource {
  /** The newest time step that was used; null for none. */
  lastTimeStep: number | null;
  /** Says whether the user has a recovery code, by its mark (`markOfCode`). */
  hasRecoveryCode(mark: string): Promise<boolean>;
}

/** What a code was found to be. */
export interface ExaminedCode {
  /** As a login would judge it, which is told of a code outside the drift window, too. */
  judgement: CodeJudgement;
  /** Time steps between now and the code's; negative in the past, null where it has none. */
  stepsOff: number | null;
  /** What a recovery code is known by; null for a code that cannot be one. */
  mark: string | null;
}

/**
 * Looks for a code within an hour of now, next to now first, and judges it as a login would
 * (`classify`). Nothing is used up.
 */
export async function examineCode(
  code: Code | null,
  user: ExaminedUser,
  rule: { now: EpochMs; driftSteps: number },
): Promise<ExaminedCode> {
  const { periodSeconds } = user.parameters;
  const steps = Math.ceil(SEARCHED_SECONDS / periodSeconds);
  const search = { now: rule.now, steps, rest: letThreadRest };
  const found = code?.kind === "digits" ? await matchTimeStep(code.text, user, search) : null;
  const mark = code !== null && mayBeRecoveryCode(code)
    ? await markOfCode(user.secret, code.text)
    : null;
  const isRecoveryCode = mark !== null && await user.hasRecoveryCode(mark);
  const judgement = classify(code, user, { timeStep: found, isRecoveryCode }, rule);
  const stepsOff = found === null ? null : found - timeStepAt(rule.now, periodSeconds);
  return { judgement, stepsOff, mark };
}

/** Says what the time of a code tells about the clocks; goes with the subject `The code`. */
export function toldDeviation(stepsOff: number, { periodSeconds }: TotpParameters): string {
  const seconds = Math.abs(stepsOff) * periodSeconds;
  const span = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  return stepsOff < 0
    ? `was right ${span} ago: the phone's clock is slow (or this server's is fast)`
    : `will be right in ${span}: the phone's clock is fast (or this server's is slow)`;
}
