import type { Attempt } from "../../src/core/challenge.ts";
import { type Challenge, LoginBooks } from "./login_books.ts";
import { LoginOpen } from "./login_open.ts";
import { isOwn, LoginPlaces } from "./login_places.ts";
import {
  BEGINS_BY_SCRIPT,
  BLOCKED,
  CORRECTED,
  DAY,
  HOUR,
  pamNameOf,
  type Rules,
  SECOND,
  type Sent,
} from "./login_rules.ts";
import { judge, type Judged, type User } from "./login_users.ts";

/** A first step, with the id that its challenge has. */
interface First {
  attempt: Attempt;
  sent: Sent;
  /** What counts its failures. */
  places: string[];
  stateId: string;
}

const IN_WAIT = "refused too_many_failures";

/**
 * Predicts the results of logins from the documents alone: a plain object to compare the real steps
 * with. A verdict is written as its outcome, followed by its basis or its reason.
 */
export class LoginModel extends LoginBooks {
  /** The enrolled user that the last verdict was about, as the audit trail has it. */
  about: string | null = null;
  /** How many seconds the last wait was said to last. */
  waitSeconds = 0;
  readonly #places: LoginPlaces;
  readonly #open = new LoginOpen();

  constructor(rules: Rules, begins = BEGINS_BY_SCRIPT) {
    super(rules, begins);
    this.#places = new LoginPlaces(rules);
  }

  /**
   * The first step. A request that could not be right with any password is neither counted nor
   * explained.
   *
   * @param stateId what a dynamic challenge sends along
   */
  password(attempt: Attempt, sent: Sent, stateId: string): string {
    this.about = null;
    if (attempt.loginName === "") return "refused bad_username";
    if (!this.isNamedIn(attempt)) return "refused common_name_mismatch";
    if (sent.password === "has a NUL") return "refused bad_password";
    const isKnown = this.known.isKnown(attempt, sent.connectedFrom ?? null, this.now);
    const places = this.#places.placesOf(attempt, isKnown);
    const first = { attempt, sent, places, stateId };
    return this.rules.mode === "pam" ? this.#proven(first) : this.#unprovenOrNothing(first);
  }

  /** Says whether attempts must wait; then, the password is not looked at. */
  #isInWait(places: string[], all = places): boolean {
    this.waitSeconds = this.#places.waitAt(places, this.now, all);
    return this.waitSeconds > 0;
  }

  #proven(first: First): string {
    const { attempt, sent, places } = first;
    if (this.#isInWait(places)) return IN_WAIT;
    const before = this.#places.fail(places, this.now);
    const verdict = this.#admit(first);
    const reason = verdict.replace("refused ", "");
    // PAM's own failure is nobody's, and a challenge that cannot be made leaves the count.
    if (reason === "pam_error") this.#places.undo(before);
    if (reason === "pam_error" || verdict.startsWith("failure")) return verdict;
    const isOfCode = ["codes_locked", "wrong_code", "malformed_code", "code_used"].includes(reason);
    if (!verdict.startsWith("refused") || isOfCode) {
      // The right password is not a failure.
      this.#places.undo(before);
      this.#places.forgive(attempt, this.now);
    } else if (!this.known.isNewPassword(attempt, sent, this.now)) {
      this.#places.undo(before);
    }
    // Without a code, nobody becomes known where wrong codes will count.
    const isFull = verdict !== "accepted exemption" || !this.users.has(this.about!);
    if (verdict.startsWith("accepted") && isFull) {
      this.known.logIn(attempt, this.about!, this.now);
    }
    return verdict;
  }

  #admit(first: First): string {
    const { attempt, sent } = first;
    const { loginName } = attempt;
    if (sent.password === "wrong") return "refused wrong_password";
    if (sent.password === "PAM fails") return "refused pam_error";
    const name = pamNameOf(loginName);
    if (name === BLOCKED) return "refused account_refused";
    this.about = name;
    const user = this.users.get(name);
    if (user?.isDisabled) return "refused user_disabled";
    if (this.isExempt(attempt, name)) {
      this.recordUncoded(name);
      return "accepted exemption";
    }
    if (user === undefined) {
      const isAdmitted = this.rules.admitsUnenrolled && !this.isKnownAs(loginName);
      if (!isAdmitted) return "refused not_enrolled";
      this.recordUncoded(name);
      return "accepted password";
    }
    // If a client cannot be asked for a code, the right password is treated like a wrong one.
    if (sent.method === null) return "refused client_without_method";
    const { held, longest } = this.#judged(name, attempt);
    held.lockedUntil = Math.min(held.lockedUntil, this.now + longest * SECOND);
    if (this.now < held.lockedUntil) return "refused codes_locked";
    return this.#askOrJudge(first, name);
  }

  /** What a failure would have left behind is undone. */
  #unprovenOrNothing(first: First): string {
    const isCertified = first.attempt.commonName === first.attempt.loginName;
    if (!isCertified && this.#isInWait(first.places)) return IN_WAIT;
    const undos = [this.#places, this.known, this.#open].map((part) => part.remember());
    const verdict = this.#unproven(first);
    if (verdict.startsWith("failure")) undos.forEach((undo) => undo());
    return verdict;
  }

  /**
   * Everybody is asked for a code, so that no stranger learns who is enrolled. What is not answered
   * counts when it expires; until then, only how much is open at once is bounded.
   */
  #unproven(first: First): string {
    const { attempt, sent, places } = first;
    const { loginName } = attempt;
    const user = this.users.get(loginName);
    // Anybody can claim the name, unless the certificate confirms it.
    const isLetIn = attempt.commonName === loginName &&
      this.isExempt(attempt) && !user?.isDisabled;
    if (isLetIn) {
      this.recordUncoded(loginName);
      return "accepted exemption";
    }
    for (const place of places) {
      for (const expired of this.#open.takeExpired(place, this.now)) {
        this.#places.fail(expired.places, expired.until);
      }
    }
    if (this.#isInWait(places) || this.#isTooMuchOpen(places)) return IN_WAIT;
    if (sent.method === null) {
      const isNew = this.known.isNewPassword(attempt, sent, this.now);
      if (isNew) this.#places.fail(places, this.now);
      return "refused client_without_method";
    }
    const isActive = user !== undefined && !user.isDisabled;
    const verdict = isActive ? this.#askOrJudge(first, loginName) : this.#pretend(first, user);
    this.about = isActive ? loginName : null;
    if (verdict.startsWith("failure")) return verdict;
    if (verdict.startsWith("accepted")) {
      this.#passed(attempt);
      this.known.logIn(attempt, loginName, this.now);
    } else if (verdict.startsWith("refused")) {
      this.#places.fail(places, this.now);
    } else {
      const isNew = this.known.isNewPassword(attempt, sent, this.now);
      this.#open.open(idOfFirst(first), isNew ? places : [], this.now, this.rules);
    }
    return verdict;
  }

  #pretend({ sent: { method } }: First, user: User | undefined): string {
    const reason = user === undefined ? "not_enrolled" : "user_disabled";
    const isAsked = method === "crtext" || method === "dynamic";
    return isAsked ? `challenged ${method} ${reason}` : `refused ${reason}`;
  }

  /** In a network, four attempts may be open for each failure that is still free; for a user, one. */
  #isTooMuchOpen(places: string[]): boolean {
    const waits = places.map((place) => {
      const { count, first } = this.#open.at(place);
      const each = isOwn(place) ? 1 : 4;
      const most = Math.max(1, Math.floor(each * this.#places.freeAt(place, this.now)));
      return count < most ? 0 : Math.max(1, Math.ceil((first - this.now) / SECOND));
    });
    this.waitSeconds = Math.max(...waits);
    return this.waitSeconds > 0;
  }

  /** None of a user's attempts from there was a guess. */
  #passed(attempt: Attempt): void {
    for (const isKnown of [false, true]) {
      this.#open.closeAt(this.#places.placesOf(attempt, isKnown)[0]!);
    }
    this.#places.forgive(attempt, this.now);
  }

  /** Takes the code that came with the password, or asks for it. */
  #askOrJudge({ attempt, sent: { method, code }, stateId }: First, name: string): string {
    if (method === "crtext") return this.#ask(attempt.id, false, attempt, name);
    if (method === "dynamic") return this.#ask(stateId, true, attempt, name);
    return this.#judge(name, attempt, code);
  }

  /** A session token sent as the password; `loginAt` is null if it is not verified. */
  token(attempt: Attempt, loginAt: number | null): string {
    const { loginName } = attempt;
    this.about = null;
    if (loginName === "") return "refused bad_username";
    if (!this.isNamedIn(attempt)) return "refused common_name_mismatch";
    if (loginAt === null) return "refused token_refused";
    const isBlocked = this.rules.mode === "pam" && loginName === BLOCKED;
    if (isBlocked) return "refused account_refused";
    const name = this.users.has(loginName)
      ? loginName
      : this.otherNames.get(loginName) ?? loginName;
    const isExempt = this.isExempt(attempt, name);
    const user = this.users.get(name);
    if (user === undefined) {
      return isExempt ? "accepted token" : "refused not_enrolled";
    }
    this.about = name;
    if (user.isDisabled) return "refused user_disabled";
    if (this.mayBeUncoded(name, loginAt) && !isExempt) return "refused token_refused";
    return loginAt <= user.tokensFrom ? "refused token_refused" : "accepted token";
  }

  /**
   * The second step; `code` is null if the answer is not a code. On a new connection, the attempt's
   * id is the state id that came with the answer.
   */
  code(attempt: Attempt, code: string | null, isNewConnection: boolean): string {
    this.about = null;
    const there = this.challenges.get(attempt.id);
    const challenge = there?.isDynamic === isNewConnection ? there : undefined;
    const places = this.#places.placesOf(attempt, this.known.isKnown(attempt, null, this.now));
    const isAwaited = challenge === undefined
      ? this.#open.has(idOf(attempt.id, isNewConnection))
      : challenge.answer !== "refused";
    // Answers that no challenge waits for are failures: otherwise anybody could send them without end.
    if (!isAwaited && this.#isInWait(places)) return IN_WAIT;
    // No lock bounds guesses at a code where the password is not proven.
    const isGuess = this.rules.mode === "external" && (challenge?.answer ?? null) === null;
    if (isGuess && this.#isInWait(places.filter(isOwn), places)) return IN_WAIT;
    const verdict = challenge === undefined
      ? "refused no_challenge"
      : this.#answer(challenge, attempt, code);
    this.about = challenge?.user ?? null;
    const isExternal = this.rules.mode === "external";
    if (verdict.startsWith("refused") && (challenge === undefined || isExternal)) {
      this.#open.close(idOf(attempt.id, isNewConnection));
      this.#places.fail(places, this.now);
    }
    if (!verdict.startsWith("accepted")) return verdict;
    this.#open.close(idOf(attempt.id, isNewConnection));
    if (isExternal) this.#passed(attempt);
    this.known.logIn(attempt, challenge!.user, this.now);
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
    // A clock is corrected by some seconds now and then.
    const isOpen = challenge.from - CORRECTED <= this.now && this.now < challenge.until;
    if (!isOpen) return "refused challenge_expired";
    // On a new connection, OpenVPN has not replaced the common name.
    const isOther = isDynamic && attempt.commonName !== commonName;
    if (isOther) return "refused challenge_mismatch";
    const verdict = this.#judge(challenge.user, attempt, code);
    if (verdict.startsWith("accepted")) challenge.answer = "accepted";
    return verdict;
  }

  #judge(name: string, attempt: Attempt, code: string | null): string {
    const { loginName } = attempt;
    const verdict = judge(this.#judged(name, attempt), code, this.now, this.rules);
    const isOtherName = loginName !== name && verdict.startsWith("accepted");
    if (isOtherName) this.otherNames.set(loginName, name);
    return verdict;
  }

  /** Where a user is known, wrong codes count apart, and lock for an hour at the most. */
  #judged(name: string, attempt: Attempt): Judged {
    const user = this.users.get(name)!;
    const held = this.known.heldOf(attempt, name, this.now);
    return held === undefined
      ? { user, held: user, longest: DAY / SECOND }
      : { user, held, longest: HOUR / SECOND };
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

/** An open attempt's id: the answer to a dynamic challenge comes under another one. */
function idOf(id: string, isDynamic: boolean): string {
  return isDynamic ? `state ${id}` : id;
}

function idOfFirst({ attempt, sent, stateId }: First): string {
  const isDynamic = sent.method === "dynamic";
  return idOf(isDynamic ? stateId : attempt.id, isDynamic);
}
