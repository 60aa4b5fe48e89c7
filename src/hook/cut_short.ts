import type { Refused } from "../core/verdict.ts";

/** Ends a login with a refusal at once: the store must not be used any more, not even to record it. */
export class CutShort extends Error {
  readonly verdict: Refused;

  constructor(verdict: Refused) {
    super("the login was cut short");
    this.verdict = verdict;
  }
}
