import type { Attempt } from "../core/challenge.ts";
import type { ChallengeMethod } from "../core/challenge_method.ts";
import type { Code } from "../core/code.ts";
import type { Redacted } from "../text/redacted.ts";
import type { SessionToken } from "../core/session_token.ts";
import type { PasswordVerdict } from "../core/verdict.ts";
import type { LoginRecords, LoginStore } from "../store/store.ts";
import type { Audit } from "./audit.ts";
import type { CodeCheckParts } from "./code_check.ts";
import type { PlaceThrottle } from "./place_throttle.ts";
import type { PrimaryAuthentication } from "./primary_authentication.ts";

/** What a client sends first, and what OpenVPN says about it. */
export interface PasswordRequest {
  attempt: Attempt;
  /** The bytes as they came; a password need not be UTF-8. */
  password: Redacted<Uint8Array<ArrayBuffer>>;
  /** How to get the code; null when there is no way. */
  method: ChallengeMethod | null;
  /** The code that came along (`static`, `append`); null when it is none, or didn't. */
  code: Redacted<Code> | null;
  /** The session token that came in the password's place, if one did. */
  token: SessionToken | null;
}

/** What the password step works with. */
export interface PasswordStepParts extends CodeCheckParts {
  /** Null where another factor decides about the password (`totpPrimaryAuth external`). */
  primary: PrimaryAuthentication | null;
  store: LoginStore;
  audit: Audit;
  throttle: PlaceThrottle;
  /** How long a code is waited for. */
  challengeTimeoutSeconds: number;
  /** Gives what nobody can guess, for a dynamic challenge. */
  newStateId(): string;
  /** Users who aren't enrolled get in by their password (`totpUnenrolled allow`). */
  admitsUnenrolled: boolean;
  /** What to say once a day of logins that go on to a code; null for nothing. */
  notice: { name: string; text: string } | null;
}

/** A verdict, and the enrolled user that it is about, where one is known. */
export interface Decision {
  verdict: PasswordVerdict;
  username?: string;
}

/** Decides in one transaction, which the audit trail is part of. */
export function conclude(
  parts: PasswordStepParts,
  decide: (records: LoginRecords) => Promise<Decision>,
): Promise<PasswordVerdict> {
  return parts.store.transaction(async (records) => {
    const { verdict, username } = await decide(records);
    await parts.audit.record(records, verdict, parts.now(), username);
    return verdict;
  });
}
