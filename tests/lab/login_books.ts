import type { Attempt } from "../../src/core/challenge.ts";
import { LoginKnown } from "./login_known.ts";
import { bareName, type Rules, SECOND, type SessionBegins } from "./login_rules.ts";
import { type Exempted, isExempt, newUser, NOTHING_HELD, type User } from "./login_users.ts";

/** A challenge of the model. */
export interface Challenge {
  attempt: Attempt;
  /** Whether the challenge is dynamic, so that the answer comes on a new connection. */
  isDynamic: boolean;
  user: string;
  from: number;
  until: number;
  answer: "accepted" | "refused" | null;
}

/** What the model keeps of users, and what an administrator does with it. */
export class LoginBooks {
  now = 1_700_000_000_000;
  readonly rules: Rules;
  readonly users = new Map<string, User>();
  readonly exemptions = new Map<string, Exempted>();
  /** By the attempt's id, or by the state id that the answer to a dynamic challenge contains. */
  readonly challenges = new Map<string, Challenge>();
  readonly known = new LoginKnown();
  /** Login names for which PAM has another name. */
  protected readonly otherNames = new Map<string, string>();
  /** When sessions may have begun that no code let in, by the user's name. */
  readonly #uncoded = new Map<string, [from: number, to: number][]>();

  readonly #begins: SessionBegins;

  constructor(rules: Rules, begins: SessionBegins) {
    this.rules = rules;
    this.#begins = begins;
  }

  /** Somebody came in without a code. */
  protected recordUncoded(name: string): void {
    const { before, after } = this.#begins;
    const session: [number, number] = [this.now - before, this.now + after];
    this.#uncoded.set(name, [...this.#uncoded.get(name) ?? [], session]);
  }

  /** Says whether a session that began then may be without a code; tokens have whole seconds. */
  protected mayBeUncoded(name: string, began: number): boolean {
    return (this.#uncoded.get(name) ?? [])
      .some(([from, to]) => from - SECOND <= began && began <= to);
  }

  /** Enrols a user; a disabled user stays disabled. */
  enrol(username: string, secret: string): void {
    const isDisabled = this.users.get(username)?.isDisabled ?? false;
    if (!this.users.has(username)) this.known.drop(username);
    this.#drop(username);
    this.users.set(username, newUser(secret, this.now, isDisabled));
    this.known.forgive(username);
  }

  delete(username: string): void {
    this.#drop(username);
    this.exemptions.delete(username);
    this.known.drop(username);
    this.#uncoded.delete(username);
  }

  /** Drops the user's secret and everything that depends on it. */
  #drop(username: string): void {
    this.users.delete(username);
    this.#dropChallenges(username);
    for (const [name, user] of this.otherNames) {
      if (user === username) this.otherNames.delete(name);
    }
  }

  setDisabled(username: string, isDisabled: boolean): void {
    const user = this.users.get(username);
    if (user === undefined) return;
    user.isDisabled = isDisabled;
    if (!isDisabled) return;
    this.#dropChallenges(username);
    user.tokensFrom = Math.max(user.tokensFrom, this.now);
  }

  unlock(username: string): void {
    const user = this.users.get(username);
    if (user !== undefined) Object.assign(user, NOTHING_HELD);
    this.known.forgive(username);
  }

  /** Attempts whose challenge is waiting for an answer. */
  openChallenges(): string[] {
    return [...this.challenges].filter(([, { from, until, answer }]) =>
      answer === null && from <= this.now && this.now < until
    ).map(([id]) => id);
  }

  /** Says whether a user needs no code from there. */
  protected isExempt({ loginName, address }: Attempt, name = loginName): boolean {
    return isExempt(this.exemptions.get(name), address, this.now);
  }

  /** Says whether the certificate is the user's, as far as that is required. */
  protected isNamedIn({ loginName, commonName }: Attempt): boolean {
    const rule = this.rules.commonName;
    const isSame = rule === "same"
      ? commonName === loginName
      : commonName?.toLowerCase() === loginName.toLowerCase();
    return rule === "any" || isSame;
  }

  /** Says whether a name is, in other letters or with blanks, that of a user who needs a code. */
  protected isKnownAs(loginName: string): boolean {
    return [...this.users.keys(), ...this.exemptions.keys()]
      .some((name) => bareName(name) === bareName(loginName));
  }

  #dropChallenges(username: string): void {
    for (const [id, { user }] of this.challenges) {
      if (user === username) this.challenges.delete(id);
    }
  }
}
