import { Redacted } from "../text/redacted.ts";
import { type ChallengeMethod, chooseMethod } from "./challenge_method.ts";
import type { Code } from "./code.ts";
import type { EpochMs } from "./epoch.ts";
import type { AppendPosition, LoginRules } from "./login_rules.ts";

/** A password as bytes, which need not be UTF-8. */
export type PasswordBytes = Redacted<Uint8Array<ArrayBuffer>>;

/** What a client sent as its password. */
export type PasswordForm =
  /** The password alone, or with an appended code. */
  | { form: "plain"; password: PasswordBytes }
  /** Password and answer to a static challenge; `code` is null if the answer is not a code. */
  | { form: "static"; password: PasswordBytes; code: Redacted<Code> | null; isEmpty: boolean }
  /** The answer to a dynamic challenge, on a new connection. */
  | { form: "dynamic"; stateId: string; code: Redacted<Code> | null }
  /** A session token; see {@link SessionToken}. */
  | { form: "token"; token: SessionToken };

/** A token of OpenVPN's `auth-gen-token … external-auth`, sent as the password. */
export interface SessionToken {
  /**
   * When the login that the token stands for began, to the second; null if OpenVPN did not verify
   * the token.
   */
  loginAt: EpochMs | null;
}

/** A password, and how to get the code for it. */
export interface PasswordAndCode {
  password: PasswordBytes;
  /** Null if there is no way. */
  method: ChallengeMethod | null;
  /**
   * The code that came with the password (`static`, `append`); null if none came, or it is not a
   * code.
   */
  code: Redacted<Code> | null;
  /** Whether a separator between password and code was taken off; only with `append`. */
  isSeparated?: boolean;
}

/** A password and the code that was appended to it. */
type AppendedCode = Pick<PasswordAndCode, "password" | "isSeparated"> & { code: Redacted<Code> };

/**
 * Chooses how to get the code, and separates it from the password if it came with it.
 *
 * @param digits length of the user's codes
 */
export function takePasswordAndCode(
  sent: PasswordForm & { form: "plain" | "static" },
  knowsCrtext: boolean,
  { challengeMethods, appendPosition }: Pick<LoginRules, "challengeMethods" | "appendPosition">,
  digits: number,
): PasswordAndCode {
  const { password } = sent;
  const appended = sent.form === "plain" ? splitAppended(password, appendPosition, digits) : null;
  const method = chooseMethod({
    knowsCrtext,
    sentStatic: sent.form === "static" && !sent.isEmpty,
    mayHaveAppended: appended !== null,
  }, challengeMethods);
  if (method === "append" && appended !== null) return { method, ...appended };
  const code = method === "static" && sent.form === "static" ? sent.code : null;
  return { password, method, code };
}

/** What a user may put between the password and the code: a blank or a comma. */
const SEPARATORS: readonly number[] = [0x20, 0x2c];

/**
 * Splits the code off the end (or the beginning) of a password. One separator between them belongs
 * to neither: whether it is the password's last character cannot be tried, since the first factor is
 * asked only once. A user whose password ends (or begins) so needs a separator of its own.
 *
 * @returns null if there is no code there, or nothing but a code
 */
export function splitAppended(
  sent: PasswordBytes,
  position: AppendPosition,
  digits: number,
): AppendedCode | null {
  const bytes = sent.reveal();
  if (bytes.length <= digits) return null;
  const isSuffix = position === "suffix";
  const at = isSuffix ? bytes.length - digits : digits;
  const [start, end] = [bytes.subarray(0, at), bytes.subarray(at)];
  const [rest, code] = isSuffix ? [start, end] : [end, start];
  const text = String.fromCharCode(...code);
  // Only digits count: no other form of a code is looked for inside a password.
  if (!/^[0-9]+$/.test(text)) return null;
  const isSeparated = rest.length > 1 && SEPARATORS.includes(rest.at(isSuffix ? -1 : 0)!);
  const length = rest.length - (isSeparated ? 1 : 0);
  const from = isSeparated && !isSuffix ? 1 : 0;
  return {
    password: new Redacted(rest.slice(from, from + length)),
    code: new Redacted({ kind: "digits", text }),
    isSeparated,
  };
}
