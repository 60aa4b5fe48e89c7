import { type Code, mayBeRecoveryCode } from "./code.ts";
import type { Enrolment } from "./enrolment.ts";
import type { EpochMs } from "./epoch.ts";
import { timeStepAt } from "./totp.ts";

/** What checking a code against the user's secret found. */
export interface CodeEvidence {
  /** The time step that the code belongs to, among those searched; null if it matched none. */
  timeStep: number | null;
  /** Whether the code is one of the user's recovery codes. */
  isRecoveryCode: boolean;
}

/** How a code is classified for a user. */
export type CodeJudgement =
  /** The app's code for a time step in the drift window, not used before. */
  | { kind: "right"; timeStep: number }
  /**
   * The code for a time step in the drift window, but that step or a later one was already used.
   */
  | { kind: "used"; timeStep: number }
  /** One of the user's recovery codes. */
  | { kind: "recovery_code" }
  /** The code for a time step outside the drift window. */
  | { kind: "clock_off"; timeStep: number }
  /** A code that matches neither the secret nor a recovery code. */
  | { kind: "wrong" }
  /** Something that has neither the form of this user's codes nor that of a recovery code. */
  | { kind: "malformed" };

/**
 * Classifies a code. This is the only place that decides whether a code is right, for logins and
 * administrators' commands alike. Only `right` and `recovery_code` let anybody in.
 *
 * @param code null if the input was not a code at all
 * @param user how the user's codes are made, and the newest time step that was used
 * @param driftSteps how many time steps before and after the current one also count
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
