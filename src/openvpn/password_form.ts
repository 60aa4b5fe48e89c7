import type { PasswordBytes, PasswordForm } from "../core/password_form.ts";
import type { ReadVariable } from "../settings.ts";
import { decodeLatin1, encodeLatin1 } from "../text/latin1.ts";
import { Redacted } from "../text/redacted.ts";
import { readAnswer } from "./answer.ts";
import { readSessionToken } from "./session_token.ts";

/**
 * Parses what was sent as the password (management-notes.txt of OpenVPN, "Challenge/Response
 * Protocol"; openvpn(8), `--auth-gen-token`):
 *
 * - `SESS_ID_AT_…` is a session token.
 * - `SCRV1:<base64 password>:<base64 answer>` answers a static challenge; padding may be missing.
 * - `CRV1::<state id>::<answer>` answers a dynamic challenge.
 *
 * Anything that does not fully match one of these is a password, however it begins.
 */
export function readPasswordForm(read: ReadVariable, sent: PasswordBytes): PasswordForm {
  const token = readSessionToken(read, sent.reveal());
  if (token !== null) return { form: "token", token };
  // A password need not be UTF-8.
  const text = decodeLatin1(sent.reveal());
  return readStatic(read, text) ?? readDynamic(text) ?? { form: "plain", password: sent };
}

function readStatic(read: ReadVariable, text: string): PasswordForm | null {
  const [, base64, answer] = text.match(STATIC) ?? [];
  if (base64 === undefined || answer === undefined) return null;
  const password = fromBase64(base64);
  const response = fromBase64(answer);
  if (password === null || response === null) return null;
  return {
    form: "static",
    password: new Redacted(escapesPasswords(read) ? unescaped(password) : password),
    code: readAnswer(response),
    isEmpty: new TextDecoder().decode(response).trim() === "",
  };
}

function readDynamic(text: string): PasswordForm | null {
  const [, stateId, response] = text.match(DYNAMIC) ?? [];
  if (stateId === undefined || response === undefined) return null;
  return { form: "dynamic", stateId, code: readAnswer(encodeLatin1(response)) };
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
 * OpenVPN's GUI for Windows also escaped quotes and backslashes inside the base64, up to the
 * version that came with OpenVPN 2.4.9.
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
