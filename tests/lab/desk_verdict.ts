import { Failure } from "../../src/core/failure.ts";
import {
  type CodeVerdict,
  type PasswordVerdict,
  type Reason,
  REASONS,
} from "../../src/core/verdict.ts";
import { Redacted } from "../../src/text/redacted.ts";
import type { Field } from "../../src/text/logfmt.ts";
import type { Word } from "./openvpn_keys.ts";

/** What the service counts a decision as. */
export interface Labels {
  step: string;
  outcome: string;
  by: string | null;
  reason: string | null;
}

/** What the service has made known of a decision. */
export interface MadeKnown {
  labels: Labels;
  /** Of the log's line. */
  fields: Record<string, Field>;
  words: readonly Word[];
}

/**
 * The verdict that a service must have reached, put together from what it told OpenVPN, the log and
 * the metrics; they must agree.
 *
 * @param stateId what the model calls a dynamic challenge
 * @returns the verdict, and the service's own state id of a dynamic challenge
 * @throws Error if they don't agree
 */
export function verdictOf(
  { labels, fields, words }: MadeKnown,
  stateId: string,
): { verdict: PasswordVerdict | CodeVerdict | Failure; state: string | null } {
  const { outcome, by, reason } = labels;
  const word = words[0];
  const expected = COMMANDS[by === "dynamic" ? "refused" : outcome];
  const isAgreed = fields.outcome === outcome && (fields.by ?? null) === by &&
    (fields.reason ?? null) === reason && (word === undefined || word[0] === expected);
  if (!isAgreed) throw new Error(`${outcome} became ${word?.join(" ")}, ${JSON.stringify(fields)}`);
  const detail = fields.detail as string | null | undefined;
  if (reason === "failure") {
    const [, code, text] = detail!.match(/^(\w+): (.*)$/)!;
    return { verdict: new Failure(code as Failure["code"], text!), state: null };
  }
  const verdict = {
    outcome,
    ...by === null ? {} : { by },
    ...reason === null ? {} : { reason },
    ...detail ? { detail } : {},
  };
  if (outcome === "refused") {
    const told = word?.[4] ?? (REASONS[reason as Reason] === null ? undefined : "");
    Object.assign(verdict, told === undefined ? {} : { told });
  }
  const state = by === "dynamic" ? word![4]!.split(":")[2]! : null;
  if (state !== null) Object.assign(verdict, { stateId: new Redacted(stateId) });
  return { verdict: verdict as PasswordVerdict | CodeVerdict, state };
}

const COMMANDS: Record<string, string> = {
  accepted: "client-auth-nt",
  challenged: "client-pending-auth",
  refused: "client-deny",
};
