import type { Enrolment } from "../core/enrolment.ts";
import type { EpochMs } from "../core/epoch.ts";
import type { PasswordBytes } from "../core/password_form.ts";
import type { LoginRules } from "../core/login_rules.ts";
import type { LoginStore } from "../store/store.ts";
import type { Redacted } from "../text/redacted.ts";
import type { FirstFactor } from "./first_factor.ts";

/** Opens users' secrets. */
export interface Secrets {
  /** @throws Failure if the secret cannot be opened */
  open(enrolment: Enrolment): Promise<Redacted<Uint8Array>>;

  /**
   * Makes a mark of a password that nobody can test passwords against without the key file.
   *
   * @returns null if there is no key to make it with
   */
  markOfPassword(loginName: string, password: PasswordBytes): Promise<string | null>;
}

/** What all logins of a process share. */
export interface LoginParts {
  store: LoginStore;
  firstFactor: FirstFactor;
  secrets: Secrets;
  rules: LoginRules;
  now(): EpochMs;
  /**
   * How far from a verdict OpenVPN may date the session that it begins, in milliseconds. It makes the
   * session's token when it asks, which is long before the verdict if it goes on with other work.
   */
  sessionBegins: { before: number; after: number };
  /** Makes a state id that nobody can guess, for a dynamic challenge. */
  newStateId(): string;
  /** Lets the thread that makes signatures rest; see `letThreadRest`. */
  rest(): void;
}
