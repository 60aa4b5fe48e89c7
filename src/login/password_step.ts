import type { Attempt } from "../core/challenge.ts";
import type { Redacted } from "../core/redacted.ts";
import { isUsername } from "../core/username.ts";
import { type PasswordVerdict, refused } from "../core/verdict.ts";
import type { LoginStore } from "../store/store.ts";
import type { PrimaryAuthentication } from "./primary_authentication.ts";

/** What a client sends first, and what OpenVPN says about it. */
export interface PasswordRequest {
  attempt: Attempt;
  /** The bytes as they came; a password need not be UTF-8. */
  password: Redacted<Uint8Array>;
  /** The client can show a challenge (`crtext` in its `IV_SSO`). */
  canAnswer: boolean;
  /** OpenVPN verified the session token that came in the password's place. */
  hasVerifiedToken: boolean;
}

/** What {@link passwordStep} works with. */
export interface PasswordStepParts {
  primary: PrimaryAuthentication;
  /** Opened only when the password was right. */
  openStore(): Promise<LoginStore>;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** How long a code is waited for. */
  challengeTimeoutSeconds: number;
}

/**
 * The first step of a login: the password, then a challenge for the code. A session token that
 * OpenVPN has verified stands for both, as long as account and enrolment are still there.
 *
 * Whether the client can be challenged is looked at before the password, so that its refusal tells
 * nothing about the password.
 *
 * @throws Failure when store or PAM fail; the caller refuses
 */
export async function passwordStep(
  request: PasswordRequest,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const { attempt, password } = request;
  if (!isUsername(attempt.loginName)) return refused("bad_username");
  if (request.hasVerifiedToken) return await tokenStep(attempt, parts);
  if (!request.canAnswer) return refused("client_without_crtext");
  if (password.reveal().includes(0)) return refused("bad_password");

  const primary = parts.primary.authenticate(
    attempt.loginName,
    password,
    attempt.address,
  );
  if (primary.outcome === "refused") return primary;

  const now = parts.now();
  const recorded = await (await parts.openStore()).recordChallenge({
    ...attempt,
    username: primary.username,
    createdAt: now,
    expiresAt: now + parts.challengeTimeoutSeconds * 1000,
    answer: null,
  });
  return recorded ? { outcome: "challenged" } : refused("not_enrolled");
}

async function tokenStep(
  attempt: Attempt,
  parts: PasswordStepParts,
): Promise<PasswordVerdict> {
  const account = parts.primary.checkAccount(
    attempt.loginName,
    attempt.address,
  );
  if (account.outcome === "refused") return account;
  return await (await parts.openStore()).isEnrolled(account.username)
    ? { outcome: "accepted", by: "token" }
    : refused("not_enrolled");
}
