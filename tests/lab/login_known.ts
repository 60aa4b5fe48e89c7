import type { Attempt } from "../../src/core/challenge.ts";
import { pairOf } from "./login_places.ts";
import { HOUR, type Sent, WEEKS } from "./login_rules.ts";
import { type Held, NOTHING_HELD } from "./login_users.ts";

/** A place that a user has logged in from. */
interface Known {
  user: string;
  at: number;
  /** The wrong codes from here, which count apart. */
  held: Held;
}

/** What the model remembers of clients: where users are known, and which passwords came already. */
export class LoginKnown {
  #known = new Map<string, Known>();
  /** When a password that came is forgotten. */
  #passwords = new Map<string, number>();
  /** How often the key was changed: marks are made with the newest. */
  #keys = 0;

  /** Returns a function that undoes everything that happens from now on. */
  remember(): () => void {
    const [known, passwords] = [structuredClone(this.#known), new Map(this.#passwords)];
    return () => {
      this.#known = known;
      this.#passwords = passwords;
    };
  }

  /** Says whether somebody logged in under this name from there in the last weeks. */
  isKnown(attempt: Attempt, connectedFrom: string | null, now: number): boolean {
    const there = { ...attempt, address: connectedFrom };
    return this.#find(attempt, now) !== undefined ||
      connectedFrom !== null && this.#find(there, now) !== undefined;
  }

  /** What is held against a user's codes from there; undefined if the user is not known there. */
  heldOf(attempt: Attempt, user: string, now: number): Held | undefined {
    const known = this.#find(attempt, now);
    return known?.user === user ? known.held : undefined;
  }

  /** A user has logged in. Without an address, nobody knows where. */
  logIn(attempt: Attempt, user: string, now: number): void {
    if (attempt.address === null) return;
    const key = pairOf(attempt);
    const before = this.#known.get(key);
    for (const [other, { at }] of this.#known) {
      if (at + WEEKS <= now) this.#known.delete(other);
    }
    const held = before?.user === user ? before.held : { ...NOTHING_HELD };
    this.#known.set(key, { user, at: now, held });
  }

  /** Forgets the wrong codes of a user everywhere. */
  forgive(user: string): void {
    for (const known of this.#known.values()) {
      if (known.user === user) Object.assign(known.held, NOTHING_HELD);
    }
  }

  /** Forgets a user. */
  drop(user: string): void {
    for (const [key, known] of this.#known) {
      if (known.user === user) this.#known.delete(key);
    }
  }

  /** The wrong codes of all users, from everywhere that they are known. */
  all(): { user: string; held: Held }[] {
    return [...this.#known.values()];
  }

  changeKey(): void {
    this.#keys++;
  }

  /** Says whether a password is new for its user there: the same one counts once an hour. */
  isNewPassword(attempt: Attempt, { password, nth }: Sent, now: number): boolean {
    const key = JSON.stringify([
      ...[pairOf(attempt), attempt.loginName, this.#keys],
      ...[password, password === "right" ? null : nth ?? 0],
    ]);
    for (const [other, until] of this.#passwords) {
      if (until <= now) this.#passwords.delete(other);
    }
    const until = this.#passwords.get(key);
    // With the clock set back, it would be remembered for longer than an hour.
    if (until !== undefined && until <= now + HOUR) return false;
    this.#passwords.set(key, now + HOUR);
    return true;
  }

  #find(attempt: Attempt, now: number): Known | undefined {
    const known = this.#known.get(pairOf(attempt));
    return known !== undefined && now < known.at + WEEKS ? known : undefined;
  }
}
