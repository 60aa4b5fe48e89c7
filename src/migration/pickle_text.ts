import { decodeUtf8 } from "./text.ts";
import { UnreadableSource } from "./reading.ts";

/**
 * Decodes a text as Python's `raw_unicode_escape` writes it: `\uXXXX` and `\UXXXXXXXX` are characters,
 * another backslash stands for itself, and what follows it too.
 *
 * @param line a byte each character
 * @throws UnreadableSource
 */
export function decodeRawUnicode(line: string): string {
  const text = line.replace(
    /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^]?))/g,
    (escape, four?: string, eight?: string, other?: string) => {
      if (other === undefined) return character(four ?? eight!);
      if (other === "u" || other === "U") throw badEscape();
      return escape;
    },
  );
  if (text.isWellFormed()) return text;
  throw new UnreadableSource("a text in it has half a character");
}

/**
 * Decodes a text of Python 2 as its `repr` writes it, whose bytes are taken as UTF-8.
 *
 * @param line a byte each character
 * @throws UnreadableSource
 */
export function decodePythonLiteral(line: string): string {
  const quote = line[0];
  const isQuoted = line.length >= 2 && (quote === "'" || quote === '"') &&
    line.at(-1) === quote;
  if (!isQuoted) throw new UnreadableSource("a text in it has no quotes");
  const text = line.slice(1, -1).replace(
    /\\(?:x([0-9A-Fa-f]{2})|([0-7]{1,3})|([^]?))/g,
    (escape, hex?: string, octal?: string, other?: string) => {
      if (hex !== undefined) return character(hex);
      if (octal !== undefined) return byteOf(parseInt(octal, 8));
      if (other === "" || other === "x") throw badEscape();
      return ESCAPES[other!] ?? escape;
    },
  );
  return decodeUtf8(Uint8Array.from(text, (byte) => byte.charCodeAt(0)));
}

const ESCAPES: Record<string, string> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  "a": "\x07",
  "b": "\b",
  "f": "\f",
  "n": "\n",
  "r": "\r",
  "t": "\t",
  "v": "\v",
};

function character(hex: string): string {
  const point = parseInt(hex, 16);
  if (point <= 0x10ffff) return String.fromCodePoint(point);
  throw badEscape();
}

function byteOf(octal: number): string {
  return String.fromCharCode(octal & 0xff);
}

function badEscape(): UnreadableSource {
  return new UnreadableSource("an escape in it is none");
}
