import type { ChallengeMethod } from "./challenge_method.ts";
import type { AuditRule } from "./decision.ts";
import type { LockoutRule } from "./lockout.ts";
import type { ThrottleRule } from "./throttle.ts";

/** Where an appended code is: after the password or before it. */
export type AppendPosition = "suffix" | "prefix";

/** What an administrator has decided about logins. */
export interface LoginRules {
  /** The ways to get a client's code, in the order to try. */
  challengeMethods: readonly ChallengeMethod[];
  appendPosition: AppendPosition;
  /** How long a user has to answer a challenge. */
  challengeTimeoutSeconds: number;
  /** The code must come from the address that was challenged. */
  bindAddress: boolean;
  /** Whether users who are not enrolled get in by their password alone. */
  unenrolled: "deny" | "allow";
  /** Time steps before and after the present one whose codes count too. */
  driftSteps: number;
  lockout: LockoutRule;
  throttle: ThrottleRule;
  audit: AuditRule;
}
