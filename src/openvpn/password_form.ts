import type { Code } from "../core/code.ts";
import { type ChallengeMethod, chooseMethod } from "../core/challenge_method.ts";
import { Redacted } from "../text/redacted.ts";
import type { AppendPosition, ReadVariable, Settings } from "../settings.ts";
import { readAnswer } from "./script/response.ts";

/** What a client sent in the password's place. */
export type PasswordForm =
  /** The password alone. */
  | { form: "plain"; password: Bytes }
  /**
   * Password and answer to a static challenge; `code` is null when the answer is none, `isEmpty` when
   * there is no answer at all.
   */
  | {
    form: "static";
    password: Bytes;
    code: Redacted<Code> | null;
    isEmpty: boolean;
  }
  /** The answer to a dynamic challenge, on a connection of its own. */
  | { form: "dynamic"; stateId: string; code: Redacted<Code> | null };

type Bytes = Redacted<Uint8Array<ArrayBuffer>>;

/**
 * Takes apart what came in the password's place (management-notes.txt of OpenVPN,
 * "Challenge/Response Protocol"):
 *
 * - `SCRV1:<base64 password>:<base64 answer>` for a static challenge; padding may be missing.
 * - `CRV1::<state id>::<answer>` for a dynamic one.
 *
 * What looks like neither is a password, whatever its beginning.
 */
export function readPasswordForm(
  read: ReadVariable,
  sent: Bytes,
): PasswordForm {
  // Bytes as characters of the same numbers: a password need not be UTF-8.
  const text = Array.from(
    sent.reveal(),
    (byte) => String.fromCharCode(byte),
  ).join("");
  const [, base64, answer] = text.match(STATIC) ?? [];
  if (base64 !== undefined && answer !== undefined) {
    const password = fromBase64(base64);
    const response = fromBase64(answer);
    if (password !== null && response !== null) {
      return {
        form: "static",
        password: new Redacted(
          escapesPasswords(read) ? unescaped(password) : password,
        ),
        code: readAnswer(response),
        isEmpty: new TextDecoder().decode(response).trim() === "",
      };
    }
  }
  const [, stateId, response] = text.match(DYNAMIC) ?? [];
  if (stateId !== undefined && response !== undefined) {
    const bytes = Uint8Array.from(response, (c) => c.charCodeAt(0));
    return { form: "dynamic", stateId, code: readAnswer(bytes) };
  }
  return { form: "plain", password: sent };
}

/** A password, and how to get the code that belongs to it. */
export interface PasswordAndCode {
  password: Bytes;
  /** Null when there is no way. */
  method: ChallengeMethod | null;
  /** The code that came along; null when it is none, or didn't. */
  code: Redacted<Code> | null;
}

/**
 * Chooses how to get the code, and takes it from the password where it came along.
 *
 * @param sent anything but the answer to a dynamic challenge
 * @param digits length of the user's codes
 */
export function readPasswordAndCode(
  sent: PasswordForm & { form: "plain" | "static" },
  knowsCrtext: boolean,
  { challengeMethods, appendPosition }: Pick<
    Settings,
    "challengeMethods" | "appendPosition"
  >,
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
  sent: Bytes,
  position: AppendPosition,
  digits: number,
): { password: Bytes; code: Redacted<Code> } | null {
  const bytes = sent.reveal();
  const at = position === "suffix" ? bytes.length - digits : digits;
  if (bytes.length <= digits) return null;
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

const STATIC = /^SCRV1:([A-Za-z0-9+/]*={0,2}):([A-Za-z0-9+/]*={0,2})\s*$/;
const DYNAMIC = /^CRV1::([^:]+)::([^]*)$/;

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.fromBase64(text.replace(/=+$/, ""));
  } catch {
    return null;
  }
}

/**
 * OpenVPN's GUI for Windows escaped quotes and backslashes inside the base64, too, until its version
 * of OpenVPN 2.4.10.
 */
function escapesPasswords(read: ReadVariable): boolean {
  return (read("IV_GUI_VER") ?? "").startsWith("OpenVPN_GUI") &&
    /^2\.([0-3]\.|4\.[0-9]$|4_)/.test(read("IV_VER") ?? "");
}

function unescaped(password: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const BACKSLASH = 0x5c;
  const QUOTE = 0x22;
  const bytes: number[] = [];
  for (let i = 0; i < password.length; i++) {
    const next = password[i + 1];
    const isEscape = password[i] === BACKSLASH &&
      (next === BACKSLASH || next === QUOTE);
    bytes.push(password[isEscape ? ++i : i]!);
  }
  return new Uint8Array(bytes);
}
