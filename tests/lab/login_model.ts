import type { Attempt } from "../../src/core/challenge.ts";
import { LoginPlaces } from "./login_places.ts";
import { BLOCKED, HOUR, pamNameOf, type Rules, SECOND, type Sent } from "./login_rules.ts";
import { type Exempted, forgive, isExempt, judge, newUser, type User } from "./login_users.ts";

interface Challenge {
  attempt: Attempt;
  /** Whether the challenge is dynamic, so that the answer comes on a new connection. */
  isDynamic: boolean;
  user: string;
  from: number;
  until: number;
  answer: "accepted" | "refused" | null;
}

/**
 * Predicts the results of logins from the README alone: a plain object to compare the real steps
 * with. A verdict is written as its outcome, followed by its basis or its reason.
 */
export class LoginModel {
  now = 1_700_000_000_000;
  readonly rules: Rules;
  readonly users = new Map<string, User>();
  readonly exemptions = new Map<string, Exempted>();
  /** By the attempt's id, or by the state id that the answer to a dynamic challenge contains. */
  readonly challenges = new Map<string, Challenge>();
  /** Login names for which PAM has another name. */
  readonly #otherNames = new Map<string, string>();
  readonly #places: LoginPlaces;

  constructor(rules: Rules) {
    this.rules = rules;
    this.#places = new LoginPlaces(rules);
  }

  /**
   * The first step. A request that could not be right with any password is neither counted nor
   * explained.
   *
   * @param stateId what a dynamic challenge sends along
   */
  password(attempt: Attempt, sent: Sent, stateId: string): string {
    if (attempt.loginName === "") return "refused bad_username";
    if (!this.#isNamedIn(attempt)) return "refused common_name_mismatch";
    if (sent.password === "has a NUL") return "refused bad_password";
    const undo = this.#places.remember();
    // During a wait, the password is not looked at.
    if (this.#places.isInWait(attempt, this.now)) {
      return "refused too_many_failures";
    }
    if (this.rules.mode === "pam") return this.#proven(attempt, sent, stateId);
    const verdict = this.#unproven(attempt, sent, stateId);
    if (verdict.startsWith("failure")) undo();
    return verdict;
  }

  #proven(attempt: Attempt, sent: Sent, stateId: string): string {
    const { loginName } = attempt;
    const takeBack = this.#places.fail(attempt, this.now);
    if (sent.password === "wrong") return "refused wrong_password";
    if (sent.password === "PAM fails") return "refused pam_error";
    const name = pamNameOf(loginName);
    if (name === BLOCKED) return "refused account_refused";
    const user = this.users.get(name);
    if (user?.isDisabled) return "refused user_disabled";
    if (this.#isExempt(attempt, name)) {
      if (user !== undefined) user.uncodedAt = this.now;
      takeBack();
      return "accepted exemption";
    }
    if (user === undefined) {
      const isAdmitted = this.rules.admitsUnenrolled && !this.#isKnownAs(loginName);
      if (!isAdmitted) return "refused not_enrolled";
      takeBack();
      return "accepted password";
    }
    // If a client cannot be asked for a code, the right password is treated like a wrong one.
    if (sent.method === null) return "refused client_without_method";
    const verdict = this.#askOrJudge(attempt, sent, name, user, stateId);
    // The right password is not a failure.
    if (!verdict.startsWith("failure")) takeBack();
    return verdict;
  }

  /**
   * Everybody is asked for a code, so that no stranger learns who is enrolled, and each attempt is
   * counted.
   */
  #unproven(attempt: Attempt, sent: Sent, stateId: string): string {
    const { loginName } = attempt;
    const { method } = sent;
    const user = this.users.get(loginName);
    // Anybody can claim the name, unless the certificate confirms it.
    const isLetIn = attempt.commonName === loginName &&
      this.#isExempt(attempt) && !user?.isDisabled;
    if (isLetIn) return "accepted exemption";
    if (method === null) return "refused client_without_method";
    const takeBack = this.#places.fail(attempt, this.now);
    if (user === undefined || user.isDisabled) {
      const reason = user === undefined ? "not_enrolled" : "user_disabled";
      const isAsked = method === "crtext" || method === "dynamic";
      return isAsked ? `challenged ${method} ${reason}` : `refused ${reason}`;
    }
    const verdict = this.#askOrJudge(attempt, sent, loginName, user, stateId);
    if (verdict.startsWith("accepted")) takeBack();
    return verdict;
  }

  /** Takes the code that came with the password, or asks for it. */
  #askOrJudge(
    attempt: Attempt,
    { method, code }: Sent,
    name: string,
    user: User,
    stateId: string,
  ): string {
    // Nobody is shut out for longer than an hour, though the clock was set back.
    user.lockedUntil = Math.min(user.lockedUntil, this.now + HOUR);
    if (this.now < user.lockedUntil) return "refused codes_locked";
    if (method === null) return "refused client_without_method";
    if (method === "crtext") return this.#ask(attempt.id, false, attempt, name);
    if (method === "dynamic") return this.#ask(stateId, true, attempt, name);
    return this.#judge(user, name, attempt.loginName, code);
  }

  /** A session token sent as the password; `loginAt` is null if it is not verified. */
  token(attempt: Attempt, loginAt: number | null): string {
    const { loginName } = attempt;
    if (loginName === "") return "refused bad_username";
    if (!this.#isNamedIn(attempt)) return "refused common_name_mismatch";
    if (loginAt === null) return "refused token_refused";
    const isBlocked = this.rules.mode === "pam" && loginName === BLOCKED;
    if (isBlocked) return "refused account_refused";
    const name = this.users.has(loginName)
      ? loginName
      : this.#otherNames.get(loginName) ?? loginName;
    const isExempt = this.#isExempt(attempt, name);
    const user = this.users.get(name);
    if (user === undefined) {
      return isExempt ? "accepted token" : "refused not_enrolled";
    }
    if (user.isDisabled) return "refused user_disabled";
    // A token's time is in whole seconds.
    const mayBeUncoded = loginAt <= (user.uncodedAt ?? -Infinity) + SECOND;
    if (mayBeUncoded && !isExempt) return "refused token_refused";
    const isOlderThanSecret = loginAt <= user.enrolledAt;
    return isOlderThanSecret ? "refused token_refused" : "accepted token";
  }

  /**
   * The second step; `code` is null if the answer is not a code. On a new connection, the attempt's
   * id is the state id that came with the answer.
   */
  code(attempt: Attempt, code: string | null, isNewConnection: boolean) {
    const challenge = this.challenges.get(attempt.id);
    if (challenge?.isDynamic !== isNewConnection) return "refused no_challenge";
    const verdict = this.#answer(challenge, attempt, code);
    // A right answer takes back the count of its attempt, if it was counted.
    const isCounted = this.rules.mode === "external";
    if (isCounted && verdict.startsWith("accepted")) {
      this.#places.takeBack(challenge.attempt);
    }
    return verdict;
  }

  #answer(
    challenge: Challenge,
    attempt: Attempt,
    code: string | null,
  ): string {
    const { loginName, address, commonName } = challenge.attempt;
    // OpenVPN may replace the common name by the login name (username-as-common-name).
    const isSame = attempt.loginName === loginName &&
      (attempt.address === address || !this.rules.bindsAddress) &&
      [commonName, loginName].includes(attempt.commonName);
    const { answer, isDynamic } = challenge;
    // Any answer is the challenge's only answer.
    challenge.answer ??= "refused";
    if (!isSame) return "refused challenge_mismatch";
    // A refusal would end the existing connection, unless this answer came on another one.
    if (answer === "accepted" && !isDynamic) {
      return "unchanged challenge_answered";
    }
    if (answer !== null) return "refused challenge_answered";
    const isOpen = challenge.from <= this.now && this.now < challenge.until;
    if (!isOpen) return "refused challenge_expired";
    // On a new connection, OpenVPN has not replaced the common name.
    const isOther = isDynamic && attempt.commonName !== commonName;
    if (isOther) return "refused challenge_mismatch";
    const user = this.users.get(challenge.user)!;
    const verdict = this.#judge(user, challenge.user, loginName, code);
    if (verdict.startsWith("accepted")) challenge.answer = "accepted";
    return verdict;
  }

  #judge(user: User, name: string, loginName: string, code: string | null) {
    const verdict = judge(user, code, this.now, this.rules);
    const isOtherName = loginName !== name && verdict.startsWith("accepted");
    if (isOtherName) this.#otherNames.set(loginName, name);
    return verdict;
  }

  /** Enrols a user; a disabled user stays disabled. */
  enrol(username: string, secret: string): void {
    const isDisabled = this.users.get(username)?.isDisabled ?? false;
    this.#drop(username);
    this.users.set(username, newUser(secret, this.now, isDisabled));
  }

  delete(username: string): void {
    this.#drop(username);
    this.exemptions.delete(username);
  }

  /** Drops the user's secret and everything that depends on it. */
  #drop(username: string): void {
    this.users.delete(username);
    this.#dropChallenges(username);
    for (const [name, user] of this.#otherNames) {
      if (user === username) this.#otherNames.delete(name);
    }
  }

  setDisabled(username: string, isDisabled: boolean): void {
    const user = this.users.get(username);
    if (user === undefined) return;
    user.isDisabled = isDisabled;
    if (isDisabled) this.#dropChallenges(username);
  }

  unlock(username: string): void {
    const user = this.users.get(username);
    if (user !== undefined) forgive(user);
  }

  /** Attempts whose challenge is waiting for an answer. */
  openChallenges(): string[] {
    return [...this.challenges].filter(([, { from, until, answer }]) =>
      answer === null && from <= this.now && this.now < until
    ).map(([id]) => id);
  }

  #isExempt({ loginName, address }: Attempt, name = loginName): boolean {
    return isExempt(this.exemptions.get(name), address, this.now);
  }

  /** Says whether the certificate is the user's, as far as that is required. */
  #isNamedIn({ loginName, commonName }: Attempt): boolean {
    const rule = this.rules.commonName;
    const isSame = rule === "same"
      ? commonName === loginName
      : commonName?.toLowerCase() === loginName.toLowerCase();
    return rule === "any" || isSame;
  }

  /** Says whether a name is, in other letters or with blanks, that of a user who needs a code. */
  #isKnownAs(loginName: string): boolean {
    const bare = (name: string) => name.trim().toLowerCase();
    return [...this.users.keys(), ...this.exemptions.keys()]
      .some((name) => bare(name) === bare(loginName));
  }

  #dropChallenges(username: string): void {
    for (const [id, { user }] of this.challenges) {
      if (user === username) this.challenges.delete(id);
    }
  }

  #ask(id: string, isDynamic: boolean, attempt: Attempt, user: string): string {
    const { now, rules: { challengeSeconds } } = this;
    const isOver = ({ until, answer }: Challenge) =>
      until + (answer === "accepted" ? 24 * HOUR : 0) <= now;
    const there = this.challenges.get(id);
    if (there && !isOver(there)) return "failure challenge_exists";
    for (const [id, challenge] of this.challenges) {
      if (isOver(challenge)) this.challenges.delete(id);
    }
    const until = now + challengeSeconds * SECOND;
    this.challenges.set(id, {
      attempt,
      isDynamic,
      user,
      from: now,
      until,
      answer: null,
    });
    return isDynamic ? "challenged dynamic" : "challenged crtext";
  }
}
