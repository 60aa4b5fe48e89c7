/** What can come of asking a PAM helper; see {@link PamOutcome}. */
export const PAM_OUTCOMES = ["passed", "denied", "failed", "no_answer", "lost"] as const;

/**
 * What came of asking a PAM helper: the password was right; it was wrong, or the account is closed;
 * PAM had an error; its time was over; or there is no answer, and there will be none.
 */
export type PamOutcome = typeof PAM_OUTCOMES[number];
