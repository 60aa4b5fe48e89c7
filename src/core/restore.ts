import type { Enrolment } from "./enrolment.ts";
import type { EpochMs } from "./epoch.ts";
import type { Exemption } from "./exemption.ts";

/** What a restore has to know of a user's enrolment in the database that it replaces. */
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
  /** Time steps ahead of the present one whose codes count, too. */
  driftSteps: number;
}

/** What of a saved enrolment isn't restored as it was saved. */
export interface Restored extends Pick<Enrolment, "lastTimeStep" | "failures" | "disabledAt"> {
  /** The recovery codes stay those of now: some of the saved ones may have been used since. */
  keepsRecoveryCodes: boolean;
}

/**
 * Says what a restore makes of a saved enrolment. What happened after the backup and must not be
 * undone stays: codes that were used stay used, a disabled user stays disabled, failures stay counted.
 * Recovery codes stay as they are now, unless the user isn't enrolled now or was enrolled anew.
 *
 * @param present null for a user who isn't enrolled now
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
    keepsRecoveryCodes: isSame(saved, present),
  };
}

/** Says whether a user wasn't enrolled anew since: the secret is the same. */
function isSame(
  saved: Enrolment,
  present: PresentEnrolment | null,
): present is PresentEnrolment {
  return present !== null && present.enrolledAt === saved.enrolledAt;
}

/**
 * The newest time step of the saved secret whose code may have been used. What is known of another
 * secret says nothing of it, so any code that counts now may have been.
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

/** What a restore would change beside bringing back what is lost. */
export interface RestoreChanges {
  /** Users who are enrolled again: they aren't now. */
  returning: string[];
  /** Users who lose their enrolment: they aren't in the backup. */
  going: string[];
  /** Users who need no code again, or for longer or from elsewhere than now. */
  exemptAgain: string[];
}

/** Says what a restore would change, so that somebody can decide whether to go on. */
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

/** Since when they hold doesn't matter. */
function isEqual(one: Exemption, other: Exemption | undefined): boolean {
  return other !== undefined && one.until === other.until && one.from === other.from;
}
