import { type Code, readCode } from "../core/code.ts";
import { Redacted } from "../text/redacted.ts";

/** Reads the code from a user's answer; null if it is not a code or not UTF-8. */
export function readAnswer(bytes: Uint8Array): Redacted<Code> | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const code = readCode(text);
    return code === null ? null : new Redacted(code);
  } catch {
    return null;
  }
}
