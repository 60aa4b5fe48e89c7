import { type Code, readCode } from "../core/code.ts";
import { decodeLatin1 } from "../text/latin1.ts";
import { Redacted } from "../text/redacted.ts";
import { readUtf8 } from "../text/utf8.ts";

/** Reads the code from a user's answer; null if it is not a code or not UTF-8. */
export function readAnswer(bytes: Uint8Array): Redacted<Code> | null {
  const text = readUtf8(bytes);
  const code = text === null ? null : readCode(text);
  return code === null ? null : new Redacted(code);
}

/**
 * Reads the code from what a client sent as `CR_RESPONSE`, which should be base64 but may be anything;
 * null if there is none.
 */
export function readResponse(content: Uint8Array): Redacted<Code> | null {
  const base64 = decodeLatin1(content).trimEnd();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  try {
    return readAnswer(Uint8Array.fromBase64(base64));
  } catch {
    return null;
  }
}
