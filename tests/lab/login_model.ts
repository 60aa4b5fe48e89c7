import { TOTP } from "otpauth";
import type { Attempt } from "../../src/core/challenge.ts";

/** What an administrator may set, as far as a login's decisions depend on it. */
export interface Rules {
  mode: "pam" | "external";
  challengeSeconds: number;
  driftSteps: number;
  maxFailures: number;
  lockoutSeconds: number;
  freeFailures: number;
  maxWaitSeconds: number;
}

/** What a client sends in the first step. */
export interface Sent {
  password: "right" | "wrong" | "PAM fails" | "has a NUL";
  canAnswer: boolean;
}

interface User {
  secret: string;
  enrolledAt: number;
  /** The newest accepted time step. */
  lastStep: number | null;
  /** Different wrong codes since the last right one or lock. */
  wrongCodes: number;
  lastWrong: { code: string; at: number } | null;
  locks: number;
  lockedUntil: number;
}

interface Challenge {
  attempt: Attempt;
  user: string;
  from: number;
  until: number;
  answer: "accepted" | "refused" | null;
}

interface Place {
  failures: number;
  lastAt: number;
}

/** What a right code, an administrator and a new secret make of wrong codes. */
const NOTHING_HELD = {
  ...{ wrongCodes: 0, lastWrong: null, locks: 0, lockedUntil: 0 },
};
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The code of a time step, `offset` steps from a moment's. */
export function codeAt(secret: string, atMs: number, offset = 0): string {
  const timestamp = Math.max(0, atMs + offset * 30 * SECOND);
  return new TOTP({ secret }).generate({ timestamp });
}

/** PAM's own name of a user: that of a directory service, which folds case. */
export function pamNameOf(loginName: string): string {
  return loginName.toLowerCase();
}

/** The account that PAM refuses whatever the password. */
export const BLOCKED = "blocked";

/**
 * What logins come to, by the README's words alone: a plain object to compare the real steps with. A
 * verdict is its outcome, and what it rests on or its reason.
 */
export class LoginModel {
  now = 1_700_000_000_000;
  readonly rules: Rules;
  readonly users = new Map<string, User>();
  readonly challenges = new Map<string, Challenge>();
  /** Names that users logged in with where PAM knows them by another. */
  readonly #otherNames = new Map<string, string>();
  #places = new Map<string, Place>();

  constructor(rules: Rules) {
    this.rules = rules;
  }

  /** The first step. Nothing counts, nor is told, of a request that no password could make right. */
  password(attempt: Attempt, sent: Sent): string {
    if (attempt.loginName === "") return "refused bad_username";
    if (sent.password === "has a NUL") return "refused bad_password";
    const before = structuredClone(this.#places);
    // In a wait the password isn't looked at.
    if (this.#isInWait(attempt)) return "refused too_many_failures";
    if (this.rules.mode === "external") {
      if (!sent.canAnswer) return "refused client_without_method";
      // Everybody is asked for a code, lest a stranger learns who is enrolled, and pays for it.
      this.#fail(attempt);
      if (!this.users.has(attempt.loginName)) {
        return "challenged crtext not_enrolled";
      }
      const verdict = this.#challenge(attempt, attempt.loginName);
      if (verdict.startsWith("failure")) this.#places = before;
      return verdict;
    }
    const [, networkBefore] = this.#fail(attempt);
    if (sent.password === "wrong") return "refused wrong_password";
    const [userPlace, networkPlace] = placesOf(attempt);
    if (sent.password === "PAM fails") return "refused pam_error";
    const name = pamNameOf(attempt.loginName);
    if (name === BLOCKED) return "refused account_refused";
    const user = this.users.get(name);
    if (user === undefined) return "refused not_enrolled";
    if (!sent.canAnswer) return "refused client_without_method";
    // Nobody is shut out for longer than an hour, though the clock was set back.
    user.lockedUntil = Math.min(user.lockedUntil, this.now + HOUR);
    const isLocked = this.now < user.lockedUntil;
    const verdict = isLocked
      ? "refused codes_locked"
      : this.#challenge(attempt, name);
    if (verdict === "failure challenge_exists") return verdict;
    // The right password is no failure; a network's others stay.
    this.#put(userPlace);
    this.#put(networkPlace, networkBefore);
    return verdict;
  }

  /** A session token of OpenVPN's in the password's place; `loginAt` is null for an unverified one. */
  token(attempt: Attempt, loginAt: number | null): string {
    const { loginName } = attempt;
    if (loginName === "") return "refused bad_username";
    if (loginAt === null) return "refused token_refused";
    const isBlocked = this.rules.mode === "pam" && loginName === BLOCKED;
    if (isBlocked) return "refused account_refused";
    const user = this.users.get(loginName) ??
      this.users.get(this.#otherNames.get(loginName) ?? "");
    if (user === undefined) return "refused not_enrolled";
    const isOlderThanSecret = loginAt <= user.enrolledAt;
    return isOlderThanSecret ? "refused token_refused" : "accepted token";
  }

  /** The second step; `code` is null for an answer that is none. */
  code(attempt: Attempt, code: string | null): string {
    const challenge = this.challenges.get(attempt.id);
    if (this.rules.mode === "pam") return this.#judge(attempt, code, challenge);
    // Who answers may be anybody: wrong codes lock nobody. A right one takes back what the attempt
    // counted for.
    const verdict = this.#judge(attempt, code, challenge);
    if (!verdict.startsWith("accepted")) return verdict;
    const [user, network] = placesOf(attempt);
    this.#put(user);
    const place = this.#places.get(network ?? "");
    if (place === undefined) return verdict;
    const left = { ...place, failures: place.failures - 1 };
    this.#put(network, left.failures > 0 ? left : null);
    return verdict;
  }

  #judge(
    attempt: Attempt,
    code: string | null,
    challenge: Challenge | undefined,
  ): string {
    if (challenge === undefined) return "refused no_challenge";
    const { loginName, address, commonName } = challenge.attempt;
    // OpenVPN may put the login name in the common name's place (username-as-common-name).
    const isSame = attempt.loginName === loginName &&
      attempt.address === address &&
      [commonName, loginName].includes(attempt.commonName);
    if (isSame && challenge.answer === "accepted") {
      return "unchanged challenge_answered";
    }
    const isAnswered = challenge.answer !== null;
    const isOpen = challenge.from <= this.now && this.now < challenge.until;
    const user = this.users.get(challenge.user)!;
    const { driftSteps } = this.rules;
    const now = Math.floor(this.now / SECOND / 30);
    const steps = [...Array(2 * driftSteps + 1).keys()]
      .map((i) => i - driftSteps).filter((offset) =>
        codeAt(user.secret, this.now, offset) === code
      ).sort((a, b) => Math.abs(a) - Math.abs(b));
    // Whatever comes is the challenge's one answer.
    challenge.answer ??= "refused";
    if (!isSame) return "refused challenge_mismatch";
    if (isAnswered) return "refused challenge_answered";
    if (!isOpen) return "refused challenge_expired";
    if (this.now < user.lockedUntil) return "refused codes_locked";
    if (code === null) return "refused malformed_code";
    if (steps[0] === undefined) return this.#wrongCode(user, code);
    const step = now + steps[0];
    if (step <= (user.lastStep ?? -1)) return "refused code_used";
    challenge.answer = "accepted";
    if (loginName !== challenge.user) {
      this.#otherNames.set(loginName, challenge.user);
    }
    this.unlock(challenge.user);
    user.lastStep = step;
    return "accepted code";
  }

  #wrongCode(user: User, code: string): string {
    if (this.rules.mode === "external") return "refused wrong_code";
    const { driftSteps, maxFailures, lockoutSeconds } = this.rules;
    const window = (2 * driftSteps + 1) * 30 * SECOND;
    const { lastWrong } = user;
    const isAgain = lastWrong?.code === code && lastWrong.at <= this.now &&
      this.now < lastWrong.at + window;
    if (!isAgain) {
      user.lastWrong = { code, at: this.now };
      user.wrongCodes++;
    }
    if (user.wrongCodes < maxFailures) return "refused wrong_code";
    user.wrongCodes = 0;
    const length = lockoutSeconds * SECOND * 2 ** user.locks++;
    user.lockedUntil = this.now + Math.min(length, HOUR);
    return "refused codes_locked";
  }

  enrol(username: string, secret: string): void {
    this.delete(username);
    this.users.set(username, {
      ...{ secret, enrolledAt: this.now, lastStep: null, ...NOTHING_HELD },
    });
  }

  /** With the secret goes what rests on it. */
  delete(username: string): void {
    this.users.delete(username);
    for (const [id, { user }] of this.challenges) {
      if (user === username) this.challenges.delete(id);
    }
    for (const [name, user] of this.#otherNames) {
      if (user === username) this.#otherNames.delete(name);
    }
  }

  unlock(username: string): void {
    const user = this.users.get(username);
    if (user === undefined) return;
    Object.assign(user, NOTHING_HELD);
  }

  /** Attempts whose challenge waits for an answer. */
  openChallenges(): string[] {
    return [...this.challenges].filter(([, { from, until, answer }]) =>
      answer === null && from <= this.now && this.now < until
    ).map(([id]) => id).sort();
  }

  #challenge(attempt: Attempt, user: string): string {
    const { now, rules: { challengeSeconds } } = this;
    const isOver = ({ until, answer }: Challenge) =>
      until + (answer === "accepted" ? 24 * HOUR : 0) <= now;
    const there = this.challenges.get(attempt.id);
    if (there && !isOver(there)) return "failure challenge_exists";
    for (const [id, challenge] of this.challenges) {
      if (isOver(challenge)) this.challenges.delete(id);
    }
    const until = now + challengeSeconds * SECOND;
    const challenge = { attempt, user, from: now, until, answer: null };
    this.challenges.set(attempt.id, challenge);
    return "challenged crtext";
  }

  /** Beyond the free failures a second, then two, four …: of a user five minutes, a network one. */
  #isInWait(attempt: Attempt): boolean {
    const { freeFailures, maxWaitSeconds } = this.rules;
    let isInWait = false;
    for (const [i, key] of placesOf(attempt).entries()) {
      const place = this.#places.get(key ?? "");
      if (place === undefined) continue;
      // A clock that was set back leaves the whole wait, from now on.
      place.lastAt = Math.min(place.lastAt, this.now);
      const beyond = place.failures - freeFailures * (i === 0 ? 1 : 5);
      const most = Math.min(maxWaitSeconds, i === 0 ? Infinity : 60);
      const wait = beyond < 0 ? 0 : Math.min(2 ** beyond, most) * SECOND;
      isInWait ||= this.now < place.lastAt + wait;
    }
    return isInWait;
  }

  /** Counts a failure; gives what there was before. Ten quiet minutes take one back, an hour all. */
  #fail(attempt: Attempt): (Place | null)[] {
    return placesOf(attempt).map((key) => {
      const before = this.#places.get(key ?? "") ?? null;
      const quiet = this.now - (before?.lastAt ?? 0);
      const left = quiet >= HOUR
        ? 0
        : Math.max(0, before!.failures - Math.floor(quiet / (10 * MINUTE)));
      this.#put(key, { failures: left + 1, lastAt: this.now });
      return before;
    });
  }

  /** What an hour's quiet made void comes back by no clock. */
  #put(key: string | null, place: Place | null = null): void {
    if (key === null) return;
    for (const [other, { lastAt }] of this.#places) {
      if (place && lastAt <= place.lastAt - HOUR) this.#places.delete(other);
    }
    if (place === null) this.#places.delete(key);
    else this.#places.set(key, { ...place });
  }
}

/** The user in this network, and the network: IPv6 gives everybody a /64. */
function placesOf({ loginName, address }: Attempt): [string, string | null] {
  const network = address?.replace(/^(2001:db8)::.*/, "$1") ?? null;
  return [`${loginName} in ${network}`, network];
}
