import { Redacted } from "../text/redacted.ts";
import { type ChallengeMethod, chooseMethod } from "./challenge_method.ts";
import type { Code } from "./code.ts";
import type { EpochMs } from "./epoch.ts";
import type { AppendPosition, LoginRules } from "./login_rules.ts";

/** A password as bytes, which need not be UTF-8. */
export type PasswordBytes = Redacted<Uint8Array<ArrayBuffer>>;

/** What a client sent in the password's place. */
export type PasswordForm =
  /** The password alone, or with a code appended. */
  | { form: "plain"; password: PasswordBytes }
  /** Password and answer to a static challenge; `code` is null where the answer is not a code. */
  | { form: "static"; password: PasswordBytes; code: Redacted<Code> | null; isEmpty: boolean }
  /** The answer to a dynamic challenge, on a connection of its own. */
  | { form: "dynamic"; stateId: string; code: Redacted<Code> | null }
  /** A session token; see {@link SessionToken}. */
  | { form: "token"; token: SessionToken };

/** A token of OpenVPN's `auth-gen-token … external-auth`, which came in the password's place. */
export interface SessionToken {
  /**
   * When the login began that the token stands for, to the second; null where OpenVPN did not verify
   * the token.
   */
  loginAt: EpochMs | null;
}

/** A password, and how to get the code that belongs to it. */
export interface PasswordAndCode {
  password: PasswordBytes;
  /** Null when there is no way. */
  method: ChallengeMethod | null;
  /** The code that came along (`static`, `append`); null when it is not a code, or none came. */
  code: Redacted<Code> | null;
}

/**
 * Chooses how to get the code, and takes it from the password where it came along.
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
 * Takes the code off a password's end, or beginning.
 *
 * @returns null when there is no code there, or nothing else
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
  // Digits alone: no other form of a code is looked for inside a password.
  if (!/^[0-9]+$/.test(text)) return null;
  return {
    password: new Redacted(password),
    code: new Redacted({ kind: "digits", text }),
  };
}
