import type { Attempt } from "../core/challenge.ts";
import type { PasswordBytes } from "../core/password_form.ts";
import type { Refused } from "../core/verdict.ts";

/**
 * What asking the first factor for a user returned: the name that the system knows them by, or a
 * refusal. A refusal with a text for the client comes only after the right password.
 */
export type FirstFactorResult = { outcome: "passed"; username: string } | Refused;

/** The right to have one password checked, until it is disposed of. */
export interface FirstFactorTurn extends Disposable {
  /**
   * Checks the password, then whether the account may log in. It never sleeps on a refusal, and
   * answers within a time limit.
   */
  authenticate(attempt: Attempt, password: PasswordBytes): Promise<FirstFactorResult>;
}

/** A turn where any number of passwords can be checked at once. */
export function turnAtOnce(authenticate: FirstFactorTurn["authenticate"]): FirstFactorTurn {
  return { authenticate, [Symbol.dispose]: () => {} };
}

/** The first factor: it decides about username and password. */
export interface FirstFactor {
  /**
   * Whether a user who has passed has proven the password. If not, whoever logs in may be anybody:
   * no failure counts against the user, and refusals tell the client nothing.
   */
  readonly provesPassword: boolean;

  /**
   * Waits until a password can be checked at once. From then on the attempt counts as a failure until
   * it is known to be none: so there are only as many that count as are being checked.
   *
   * @returns the refusal of a login that waited for too long, or that too many others wait with
   */
  turn(): Promise<FirstFactorTurn | Refused>;

  /** Checks only whether the account may (still) log in, within a time limit. */
  checkAccount(attempt: Attempt): Promise<FirstFactorResult>;

  /**
   * The name by which the system's accounts list a user, which may differ in its case or form; null
   * if there is no such account, or accounts are not looked at.
   *
   * @throws Failure if that cannot be found out
   */
  accountName(username: string): Promise<string | null>;
}

const passEverybody: FirstFactorTurn["authenticate"] = ({ loginName }) =>
  Promise.resolve({ outcome: "passed", username: loginName });

/**
 * Another factor of OpenVPN decides about the password and does not report its result to this
 * program (`totpPrimaryAuth external`): every user passes here, and nothing is proven.
 */
export const EXTERNAL_FACTOR: FirstFactor = {
  provesPassword: false,
  turn: () => Promise.resolve(turnAtOnce(passEverybody)),
  checkAccount: ({ loginName }) => Promise.resolve({ outcome: "passed", username: loginName }),
  accountName: () => Promise.resolve(null),
};
