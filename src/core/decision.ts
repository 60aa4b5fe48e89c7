import type { EpochMs } from "./epoch.ts";

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

/** How much of the audit trail is kept. */
export interface AuditRule {
  maxDays: number;
  maxRows: number;
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
