import { Failure } from "../../core/failure.ts";

/** More than any profile has, with its includes and all values of its variables. */
const MOST = { patterns: 20_000, characters: 1_000_000 };

/** Counts patterns, so that no text makes the program busy for long. */
export class PatternBound {
  #patterns = 0;
  #characters = 0;

  /**
   * Counts one more.
   *
   * @throws Failure `config_error` if they are too many, or too long
   */
  add(pattern: string): void {
    this.#patterns++;
    this.#characters += pattern.length;
    const isFull = this.#patterns > MOST.patterns || this.#characters > MOST.characters;
    if (isFull) throw tooMuch("rules, or values of variables, than openvpn-totp reads");
  }
}

/** Says that a profile is not judged, rather than that a part of it is. */
export function tooMuch(what: string): Failure {
  return new Failure(
    "config_error",
    `AppArmor's profile of OpenVPN has more ${what}, so its rules cannot be judged: shorten it`,
  );
}
