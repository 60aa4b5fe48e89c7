import { readUtf8 } from "../text/utf8.ts";
import { MAX_ENTRIES, UnreadableSource } from "./reading.ts";

/**
 * Decodes a text file: UTF-8, with or without a byte order mark.
 *
 * @throws UnreadableSource
 */
export function decodeText(content: Uint8Array): string {
  const text = readUtf8(content);
  if (text === null) throw new UnreadableSource("it is not valid UTF-8");
  return text.replace(/^\ufeff/, "");
}

/**
 * Decodes a part of a file as UTF-8; a byte order mark is kept.
 *
 * @throws UnreadableSource
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = readUtf8(bytes);
  if (text === null) throw new UnreadableSource("it contains text that is not valid UTF-8");
  return text;
}

/** A line of a file. */
export interface Line {
  /** Such as `line 1` for the first. */
  place: string;
  text: string;
}

/** Far longer than any line should be, in characters. */
const MAX_LINE = 16_384;

/**
 * The lines of a text that are neither blank nor comments, which begin with `#`.
 *
 * @throws UnreadableSource if a line is too long, or there are too many
 */
export function meantLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let at = 0, number = 1; at < text.length; number++) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const place = `line ${number}`;
    if (end - at > MAX_LINE) throw new UnreadableSource(`${place} is too long`);
    const line = text.slice(at, end).replace(/\r$/, "");
    if (!/^\s*(#|$)/.test(line)) lines.push({ place, text: line });
    if (lines.length > MAX_ENTRIES) {
      throw new UnreadableSource(`it has more than ${MAX_ENTRIES} lines`);
    }
    at = end + 1;
  }
  return lines;
}

/** The value of a whole number of up to nine digits; NaN for anything else. */
export function wholeNumber(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
}

/** A hash's name as in provisioning URIs, from the forms that others write, such as `sha-256`. */
export function algorithmOf(text: string): string {
  return text.trim().toUpperCase().replace(/^HMAC-?/, "")
    .replace(/^SHA-?(1|256|512)$/, "SHA$1");
}
