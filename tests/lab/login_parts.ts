import type { Attempt } from "../../src/core/challenge.ts";
import type { LoginRules } from "../../src/core/login_rules.ts";
import { refused } from "../../src/core/verdict.ts";
import {
  type FirstFactor,
  type FirstFactorResult,
  turnAtOnce,
} from "../../src/login/first_factor.ts";

/** Rules of logins, unless a test says otherwise. */
export const TEST_RULES: LoginRules = {
  challengeMethods: ["crtext", "static", "dynamic"],
  appendPosition: "suffix",
  challengeTimeoutSeconds: 300,
  bindAddress: true,
  commonName: "any",
  unenrolled: "deny",
  driftSteps: 1,
  lockout: { maxFailures: 3, lockoutSeconds: 60 },
  throttle: { freeFailures: 3, maxWaitSeconds: 300 },
  audit: { maxDays: 90, maxRows: 1000 },
};

type Awaitable<T> = T | Promise<T>;

/** A first factor that knows passwords as plain text. */
export function fakeFactor(
  authenticate: (attempt: Attempt, password: string) => Awaitable<FirstFactorResult>,
  checkAccount: (attempt: Attempt) => FirstFactorResult = () => refused("account_refused"),
  accountName: (username: string) => string | null = () => null,
): FirstFactor {
  return {
    provesPassword: true,
    turn: () =>
      Promise.resolve(turnAtOnce(async (attempt, password) => {
        await Promise.resolve();
        const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
        return authenticate(attempt, decoder.decode(password.reveal()));
      })),
    checkAccount: (attempt) => Promise.resolve(checkAccount(attempt)),
    accountName: (username) => Promise.resolve(accountName(username)),
  };
}
