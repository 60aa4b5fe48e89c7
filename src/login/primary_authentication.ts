import type { Redacted } from "../text/redacted.ts";
import type { Refused } from "../core/verdict.ts";

/** What came of asking for a user: the name that the system knows them by, or a refusal. */
export type PrimaryResult = { outcome: "passed"; username: string } | Refused;

/** The first factor: who decides about username and password. */
export interface PrimaryAuthentication {
  /**
   * Checks the password, then whether the account may log in. Never sleeps on a refusal, and answers
   * within a time limit.
   */
  authenticate(
    loginName: string,
    password: Redacted<Uint8Array<ArrayBuffer>>,
    address: string | null,
  ): Promise<PrimaryResult>;

  /** Checks only whether the account may (still) log in, within a time limit. */
  checkAccount(
    loginName: string,
    address: string | null,
  ): Promise<PrimaryResult>;
}
