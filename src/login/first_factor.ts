import type { Attempt } from "../core/challenge.ts";
import type { PasswordBytes } from "../core/password_form.ts";
import type { Refused } from "../core/verdict.ts";

/** What came of asking for a user: the name that the system knows them by, or a refusal. */
export type FirstFactorResult = { outcome: "passed"; username: string } | Refused;

/** The first factor: who decides about username and password. */
export interface FirstFactor {
  /**
   * A user who has passed has proven the password. Otherwise whoever logs in may be anybody:
   * nothing is held against the user, and refusals tell the client nothing.
   */
  readonly provesPassword: boolean;

  /**
   * Checks the password, then whether the account may log in. Never sleeps on a refusal, and answers
   * within a time limit.
   */
  authenticate(attempt: Attempt, password: PasswordBytes): Promise<FirstFactorResult>;

  /** Checks only whether the account may (still) log in, within a time limit. */
  checkAccount(attempt: Attempt): Promise<FirstFactorResult>;
}

/**
 * Another factor of OpenVPN's decides about the password, and tells us nothing of it
 * (`totpPrimaryAuth external`): whoever is asked for passes here, and nothing is proven.
 */
export const EXTERNAL_FACTOR: FirstFactor = {
  provesPassword: false,
  authenticate: ({ loginName }) => Promise.resolve({ outcome: "passed", username: loginName }),
  checkAccount: ({ loginName }) => Promise.resolve({ outcome: "passed", username: loginName }),
};
