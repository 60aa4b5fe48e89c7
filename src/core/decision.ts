import type { EpochMs } from "./epoch.ts";
import { networkOf } from "./network.ts";

/** A step of a login: what the client first sends, or its answer to a challenge. */
export type LoginStep = "password" | "code";

/** What a step can end with. */
export const OUTCOMES = [
  "challenged",
  "accepted",
  "refused",
  "unchanged",
] as const;

/** One decision, as the audit trail keeps it. */
export interface DecisionRecord {
  at: EpochMs;
  /** The username as the client gave it. */
  loginName: string | null;
  /** The enrolled user, if one is known. */
  username: string | null;
  /** The client's IPv4 or IPv6 address. */
  address: string | null;
  commonName: string | null;
  step: LoginStep;
  /** A verdict's outcome. */
  outcome: typeof OUTCOMES[number];
  /** What an acceptance is based on. */
  by: string | null;
  reason: string | null;
  /** Additional text of the log line. */
  detail: string | null;
}

/** A row of the audit trail: a decision, or several like it within an hour. */
export interface AuditRow extends DecisionRecord {
  /** How many decisions the row stands for; it shows the first of them, with the last detail. */
  count: number;
  /** When the last of them was made. */
  lastAt: EpochMs;
}

/** How much of the audit trail is kept. */
export interface AuditRule {
  maxDays: number;
  /** How many rows of each outcome: a flood of refusals removes no login that was accepted. */
  maxRows: number;
}

/** Refusals like the first one become one row for this long, in milliseconds. */
export const FOLDED_FOR_MS = 60 * 60 * 1000;

/** Reasons that count as no failure of a place, so that no wait bounds how many names come. */
const UNBOUNDED = [
  "bad_username",
  "bad_password",
  "common_name_mismatch",
  "token_refused",
  "pam_error",
  "busy",
  "failure",
];

/**
 * What refusals have in common that become one row of the audit trail: the same reason from the same
 * network, and the same names, unless a client could go on inventing those.
 *
 * @returns null for a decision that always has a row of its own
 */
export function foldOf(record: DecisionRecord): string | null {
  const { outcome, step, reason, address, loginName, username, commonName } = record;
  if (outcome !== "refused" || reason === null) return null;
  const names = UNBOUNDED.includes(reason) ? [] : [loginName, username];
  return JSON.stringify([step, reason, networkOf(address), commonName, ...names]);
}

/** Longest text in the audit trail, in characters: a client can send far longer ones. */
const LONGEST = 256;

/** Shortens the texts that a client may have made long. */
export function bounded(record: DecisionRecord): DecisionRecord {
  const cut = (text: string | null) => text === null ? null : text.slice(0, LONGEST).toWellFormed();
  return {
    ...record,
    loginName: cut(record.loginName),
    username: cut(record.username),
    address: cut(record.address),
    commonName: cut(record.commonName),
    detail: record.detail?.slice(0, 2 * LONGEST).toWellFormed() ?? null,
  };
}
