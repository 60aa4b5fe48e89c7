/**
 * Holds a value that must never be printed: a TOTP secret, a password, a code. Whatever turns it
 * into text (a template, `String()`, JSON, `console.log`, an error's message) gets `[redacted]`.
 *
 * ```ts
 * const password = new Redacted(bytes);
 * `${password}`; // "[redacted]"
 * password.reveal(); // bytes
 * ```
 */
export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself; every call deserves a look in a review. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [Symbol.for("Deno.customInspect")](): string {
    return "[redacted]";
  }
}
