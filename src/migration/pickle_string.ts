import { encodeLatin1 } from "../text/latin1.ts";
import type { PickleInput } from "./pickle_input.ts";
import { UnreadableSource } from "./reading.ts";
import { decodeUtf8 } from "./text.ts";

/**
 * Reads the string that an opcode pushes.
 *
 * @returns null if the opcode pushes none
 * @throws UnreadableSource
 */
export function readString(opcode: string, input: PickleInput): string | null {
  switch (opcode) {
    case "\x8c": // SHORT_BINUNICODE
    case "U": // SHORT_BINSTRING, of Python 2
      return input.utf8(1);
    case "X": // BINUNICODE
    case "T": // BINSTRING, of Python 2
      return input.utf8(4);
    case "\x8d": // BINUNICODE8
      return input.utf8(8);
    case "V": // UNICODE
      return decodeRawUnicode(input.line());
    case "S": // STRING, of Python 2
      return decodePythonLiteral(input.line());
    default:
      return null;
  }
}

/**
 * Decodes a string that Python encoded as `raw_unicode_escape`: `\uXXXX` and `\UXXXXXXXX` stand for
 * characters; any other backslash and the character after it stand for themselves.
 *
 * @param line one character for each byte
 * @throws UnreadableSource
 */
function decodeRawUnicode(line: string): string {
  const text = line.replace(
    /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^]?))/g,
    (escape, four?: string, eight?: string, other?: string) => {
      if (other === undefined) return character(four ?? eight!);
      if (other === "u" || other === "U") throw badEscape();
      return escape;
    },
  );
  if (text.isWellFormed()) return text;
  throw new UnreadableSource("it contains half a character (an unpaired surrogate)");
}

/**
 * Decodes a string of Python 2 that was written with `repr`; its bytes are taken as UTF-8.
 *
 * @param line one character for each byte
 * @throws UnreadableSource
 */
function decodePythonLiteral(line: string): string {
  const quote = line[0];
  const isQuoted = line.length >= 2 && (quote === "'" || quote === '"') &&
    line.at(-1) === quote;
  if (!isQuoted) throw new UnreadableSource("it contains a string without quotes");
  const text = line.slice(1, -1).replace(
    /\\(?:x([0-9A-Fa-f]{2})|([0-7]{1,3})|([^]?))/g,
    (escape, hex?: string, octal?: string, other?: string) => {
      if (hex !== undefined) return character(hex);
      if (octal !== undefined) return byteOf(parseInt(octal, 8));
      if (other === "" || other === "x") throw badEscape();
      return ESCAPES[other!] ?? escape;
    },
  );
  return decodeUtf8(encodeLatin1(text));
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
  return new UnreadableSource("it contains an invalid escape");
}
