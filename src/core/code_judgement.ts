import { type Code, mayBeRecoveryCode } from "./code.ts";
import type { Enrolment } from "./enrolment.ts";
import type { EpochMs } from "./epoch.ts";
import { timeStep as timeStepAt } from "./totp.ts";

/** What was found out about a code with the user's secret. */
export interface CodeEvidence {
  /** The time step that the code belongs to, of those that were searched; null for none. */
  timeStep: number | null;
  /** The code is one of the user's recovery codes. */
  isRecoveryCode: boolean;
}

/** What a code is to a user. */
export type CodeJudgement =
  /** The app's code of a time step in the drift window, not used before. */
  | { kind: "right"; timeStep: number }
  /** The code of a time step in the drift window, but that step or a later one was used already. */
  | { kind: "used"; timeStep: number }
  /** One of the user's recovery codes. */
  | { kind: "recovery_code" }
  /** The code of a time step outside the drift window. */
  | { kind: "clock_off"; timeStep: number }
  /** A code of neither the secret nor the recovery codes. */
  | { kind: "wrong" }
  /** Not in the form of this user's codes, nor of a recovery code. */
  | { kind: "malformed" };

/**
 * Judges a code. This is the one place that decides whether a code is right, for logins and for
 * administrators' commands alike; only `right` and `recovery_code` let anybody in.
 *
 * @param code null where what was given is not a code at all
 * @param user how the user's codes are made, and the newest time step that was used
 * @param driftSteps time steps before and after the present one whose codes count too
 */
export function classify(
  code: Code | null,
  user: Pick<Enrolment, "parameters" | "lastTimeStep">,
  { timeStep, isRecoveryCode }: CodeEvidence,
  { now, driftSteps }: { now: EpochMs; driftSteps: number },
): CodeJudgement {
  const { parameters: { digits, periodSeconds }, lastTimeStep } = user;
  if (code === null) return { kind: "malformed" };
  if (code.text.length !== digits && !mayBeRecoveryCode(code)) return { kind: "malformed" };
  const stepsOff = timeStep === null ? Infinity : timeStep - timeStepAt(now, periodSeconds);
  if (timeStep !== null && Math.abs(stepsOff) <= driftSteps) {
    const isUsed = lastTimeStep !== null && timeStep <= lastTimeStep;
    return { kind: isUsed ? "used" : "right", timeStep };
  }
  if (isRecoveryCode && mayBeRecoveryCode(code)) return { kind: "recovery_code" };
  return timeStep === null ? { kind: "wrong" } : { kind: "clock_off", timeStep };
}
