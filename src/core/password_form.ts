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
}

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

/**
 * Splits the code off the end (or the beginning) of a password.
 *
 * @returns null if there is no code there, or nothing but a code
 */
export function splitAppended(
  sent: PasswordBytes,
  position: AppendPosition,
  digits: number,
): { password: PasswordBytes; code: Redacted<Code> } | null {
  const bytes = sent.reveal();
  if (bytes.length <= digits) return null;
  const at = position === "suffix" ? bytes.length - digits : digits;
  const [head, tail] = [bytes.slice(0, at), bytes.slice(at)];
  const [password, code] = position === "suffix" ? [head, tail] : [tail, head];
  const text = String.fromCharCode(...code);
  // Only digits count: no other form of a code is looked for inside a password.
  if (!/^[0-9]+$/.test(text)) return null;
  return {
    password: new Redacted(password),
    code: new Redacted({ kind: "digits", text }),
  };
}
