import type { ChallengeMethod } from "./challenge_method.ts";
import type { CommonNameRule } from "./common_name.ts";
import type { AuditRule } from "./decision.ts";
import type { LockoutRule } from "./lockout.ts";
import type { ThrottleRule } from "./throttle.ts";

/** Whether an appended code follows the password or precedes it. */
export type AppendPosition = "suffix" | "prefix";

/** What an administrator has decided about logins. */
export interface LoginRules {
  /** The ways to get a client's code, in the order to try them. */
  challengeMethods: readonly ChallengeMethod[];
  appendPosition: AppendPosition;
  /** How long a user has to answer a challenge. */
  challengeTimeoutSeconds: number;
  /** Whether the code must come from the address that was challenged. */
  bindAddress: boolean;
  /** How the login name must agree with the common name of the client's certificate. */
  commonName: CommonNameRule;
  /** Whether users who are not enrolled may log in with the password alone. */
  unenrolled: "deny" | "allow";
  /** How many time steps before and after the current one also count. */
  driftSteps: number;
  lockout: LockoutRule;
  throttle: ThrottleRule;
  audit: AuditRule;
}
