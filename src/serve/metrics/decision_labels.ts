import { type DecisionRecord, OUTCOMES } from "../../core/decision.ts";
import { type Accepted, type Challenged, REASONS, type Unchanged } from "../../core/verdict.ts";
import type { Labels } from "./exposition.ts";

/** What a metric tells of a decision. */
export type CountedDecision = Pick<DecisionRecord, "step" | "outcome" | "by" | "reason">;

/** The label of each way in; TypeScript sees to it that none is missing. */
const METHODS: Record<Accepted["by"] | Challenged["by"], string> = {
  code: "code",
  "recovery code": "recovery_code",
  token: "token",
  exemption: "exemption",
  password: "password",
  crtext: "crtext",
  dynamic: "dynamic",
};

const STEPS = ["password", "code"] as const;
/** Why no answer to a challenge can be right, where another factor decides about the password. */
const HOPELESS: NonNullable<Challenged["reason"]>[] = ["not_enrolled", "user_disabled"];
const UNCHANGED: Unchanged["reason"] = "challenge_answered";

/** What stands for a word that isn't known: a label must not grow with what clients send. */
const OTHER = "other";

/** The labels of a decision, all of closed sets. */
export function labelsOf({ step, outcome, by, reason }: CountedDecision): Labels {
  return {
    step: STEPS.includes(step) ? step : OTHER,
    outcome: OUTCOMES.includes(outcome) ? outcome : OTHER,
    method: by === null ? "" : wordIn(METHODS, by) ?? OTHER,
    reason: reason === null || Object.hasOwn(REASONS, reason) ? reason ?? "" : OTHER,
  };
}

function wordIn(words: Readonly<Record<string, string>>, word: string): string | undefined {
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

/** Every combination of labels that a login can have; some steps have no use for some reasons. */
export function knownLabels(): Labels[] {
  const of = (
    step: CountedDecision["step"],
    outcome: CountedDecision["outcome"],
    { by = null, reason = null }: Partial<CountedDecision>,
  ) => labelsOf({ step, outcome, by, reason });
  const accepted: Accepted["by"][] = ["code", "recovery code", "token", "exemption", "password"];
  const challenged: Challenged["by"][] = ["crtext", "dynamic"];
  return [
    ...accepted.map((by) => of("password", "accepted", { by })),
    ...accepted.slice(0, 2).map((by) => of("code", "accepted", { by })),
    ...challenged.flatMap((by) =>
      [null, ...HOPELESS].map((reason) => of("password", "challenged", { by, reason }))
    ),
    ...STEPS.flatMap((step) =>
      Object.keys(REASONS).map((reason) => of(step, "refused", { reason }))
    ),
    of("code", "unchanged", { reason: UNCHANGED }),
  ];
}
