import { TOTP } from "otpauth";
import type { ChallengeMethod } from "../../src/core/challenge_method.ts";

/** The administrator's settings that affect decisions about logins. */
export interface Rules {
  mode: "pam" | "external";
  challengeSeconds: number;
  driftSteps: number;
  maxFailures: number;
  lockoutSeconds: number;
  freeFailures: number;
  maxWaitSeconds: number;
  bindsAddress: boolean;
  admitsUnenrolled: boolean;
  commonName: "any" | "same" | "same-ignoring-case";
}

/** What a client sends in the first step. */
export interface Sent {
  password: "right" | "wrong" | "PAM fails" | "has a NUL";
  /** How to get the client's code. */
  method: ChallengeMethod | null;
  /** Which of the wrong passwords; without it, always the same one. */
  nth?: number;
  /** The code that came with the password; null if none came, or it is not a code. */
  code: string | null;
  /** The address that the connection was let in from, if this is a renegotiation. */
  connectedFrom?: string | null;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** How long a user is known where they have logged in. */
export const WEEKS = 28 * DAY;

/** A clock that is set back by this much at the most was only corrected. */
export const CORRECTED = 10 * SECOND;

/** How far from a verdict OpenVPN may date the session that it begins, in milliseconds. */
export interface SessionBegins {
  before: number;
  after: number;
}

/** With a script: OpenVPN stands still while it runs, and may take its time afterwards. */
export const BEGINS_BY_SCRIPT: SessionBegins = { before: 0, after: 25 * SECOND };

/** The code for the time step `offset` steps from a moment's. */
export function codeAt(secret: string, atMs: number, offset = 0): string {
  const timestamp = Math.max(0, atMs + offset * 30 * SECOND);
  return new TOTP({ secret }).generate({ timestamp });
}

/** PAM's own name for a user: a directory service's, which ignores case. */
export function pamNameOf(loginName: string): string {
  return loginName.toLowerCase();
}

/** A name as all its spellings are counted. */
export function bareName(name: string): string {
  return name.trim().toLowerCase();
}

/** An account that PAM refuses even with the right password. */
export const BLOCKED = "blocked";

/** Networks, each with a test whether an address is in it. */
export const NETWORKS: Record<string, (address: string) => boolean> = {
  "192.0.2.1": (address) => address === "192.0.2.1",
  "192.0.2.0/24": (address) => address.startsWith("192.0.2."),
  "2001:db8::/32": (address) => address.startsWith("2001:db8:"),
};
