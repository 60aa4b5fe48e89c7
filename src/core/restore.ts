import type { Enrolment } from "./enrolment.ts";
import type { EpochMs } from "./epoch.ts";
import type { Exemption } from "./exemption.ts";

/** What a restore needs to know about a user's enrolment in the database that it replaces. */
export interface PresentEnrolment extends
  Pick<
    Enrolment,
    "enrolledAt" | "lastTimeStep" | "failures" | "disabledAt"
  > {
  periodSeconds: number;
}

/** When a restore happens, and how far clocks may differ. */
export interface RestoreMoment {
  now: EpochMs;
  /** How many time steps ahead of the current one also count. */
  driftSteps: number;
}

/** The parts of a saved enrolment that may not be restored as they were saved. */
export interface Restored extends
  Pick<
    Enrolment,
    "lastTimeStep" | "failures" | "disabledAt" | "tokensValidFrom"
  > {
  /**
   * Whether the present recovery codes are kept: some of the saved ones may have been used since.
   */
  keepsRecoveryCodes: boolean;
}

/**
 * Says what a saved enrolment becomes when it is restored. What happened after the backup and must
 * not be undone stays: used codes stay used, disabled users stay disabled, failures stay counted.
 * Recovery codes stay as they are now, unless the user is not enrolled now or was enrolled again.
 * Session tokens from before the restore are void: nobody knows any more which logins had a code.
 *
 * @param present null for a user who is not enrolled now
 */
export function restored(
  saved: Enrolment,
  present: PresentEnrolment | null,
  moment: RestoreMoment,
): Restored {
  return {
    lastTimeStep: lastStepOf(saved, present, moment),
    failures: present?.failures ?? saved.failures,
    disabledAt: saved.disabledAt ?? present?.disabledAt ?? null,
    tokensValidFrom: moment.now,
    keepsRecoveryCodes: isSame(saved, present),
  };
}

/**
 * Says whether the user was not enrolled again since the backup, so that the secret is the same.
 */
function isSame(
  saved: Enrolment,
  present: PresentEnrolment | null,
): present is PresentEnrolment {
  return present !== null && present.enrolledAt === saved.enrolledAt;
}

/**
 * The newest time step of the saved secret whose code may have been used. If the present secret is
 * another one, nothing is known about the saved one, so any code that counts now may have been
 * used.
 */
function lastStepOf(
  saved: Enrolment,
  present: PresentEnrolment | null,
  { now, driftSteps }: RestoreMoment,
): number | null {
  const periodMs = saved.parameters.periodSeconds * 1000;
  if (!isSame(saved, present)) {
    return Math.max(saved.lastTimeStep ?? 0, Math.floor(now / periodMs) + driftSteps);
  }
  if (present.lastTimeStep === null) return saved.lastTimeStep;
  const usedUntil = (present.lastTimeStep + 1) * present.periodSeconds * 1000;
  return Math.max(saved.lastTimeStep ?? 0, Math.ceil(usedUntil / periodMs) - 1);
}

/** Who is enrolled, and who is exempt from codes. */
export interface Users {
  enrolled: readonly string[];
  exemptions: readonly Exemption[];
}

/** What a restore would change apart from bringing back what was lost. */
export interface RestoreChanges {
  /** Users who will be enrolled again: they are not enrolled now. */
  returning: string[];
  /** Users who will lose their enrolment: they are not in the backup. */
  going: string[];
  /** Users who will again need no code, or for longer or from elsewhere than now. */
  exemptAgain: string[];
}

/** Says what a restore would change, so that the administrator can decide whether to go on. */
export function restoreChanges(present: Users, saved: Users): RestoreChanges {
  const exemptNow = new Map(present.exemptions.map((one) => [one.username, one]));
  return {
    returning: without(saved.enrolled, present.enrolled),
    going: without(present.enrolled, saved.enrolled),
    exemptAgain: saved.exemptions
      .filter((one) => !isEqual(one, exemptNow.get(one.username)))
      .map(({ username }) => username),
  };
}

function without(names: readonly string[], others: readonly string[]): string[] {
  const left = new Set(others);
  return names.filter((name) => !left.has(name));
}

/** Compares two exemptions; when they began does not matter. */
function isEqual(one: Exemption, other: Exemption | undefined): boolean {
  return other !== undefined && one.until === other.until && one.from === other.from;
}
