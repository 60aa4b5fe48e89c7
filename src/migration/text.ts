import { MAX_ENTRIES, UnreadableSource } from "./reading.ts";

/**
 * Decodes a text file: UTF-8, with or without a byte order mark.
 *
 * @throws UnreadableSource
 */
export function decodeText(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw new UnreadableSource("it is not UTF-8");
  }
}

/**
 * Decodes a text of UTF-8 that stands among others.
 *
 * @throws UnreadableSource
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    throw new UnreadableSource("a text in it is not UTF-8");
  }
}

/** A line of a file, with its number from 1. */
export interface Line {
  place: string;
  text: string;
}

/** Far longer than a line of any format that is read. */
const MAX_LINE = 16_384;

/**
 * The lines that say something: neither blank nor comments, which begin with `#`.
 *
 * @throws UnreadableSource for a line that is too long, or too many
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

/** A whole number of up to nine digits; NaN for anything else. */
export function wholeNumber(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
}

/** A hash as provisioning URIs name it, from the ways in which others write it, such as `sha-256`. */
export function algorithmOf(text: string): string {
  return text.trim().toUpperCase().replace(/^HMAC-?/, "")
    .replace(/^SHA-?(1|256|512)$/, "SHA$1");
}
