import { type Code, readCode } from "../core/code.ts";
import { Redacted } from "../text/redacted.ts";
import { readUtf8 } from "../text/utf8.ts";

/** Reads the code from a user's answer; null if it is not a code or not UTF-8. */
export function readAnswer(bytes: Uint8Array): Redacted<Code> | null {
  const text = readUtf8(bytes);
  const code = text === null ? null : readCode(text);
  return code === null ? null : new Redacted(code);
}
