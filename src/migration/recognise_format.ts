import { EXPORT_FORMAT } from "./export_format.ts";
import type { ImportFormat } from "./formats.ts";
import { NEWEST_PROTOCOL } from "./pickle_machine.ts";
import { splitWords } from "./shell_words.ts";
import { areHeadings } from "./table_headings.ts";
import { meantLines } from "./text.ts";

const SQLITE_HEADER = "SQLite format 3\0";

const PICKLE_PROTO = 0x80;

/** How many bytes of a file are looked at. */
const LOOKED_AT = 65_536;

/**
 * Recognises the format of a file from its beginning.
 *
 * @returns null if it looks like none of the formats, or like several
 */
export function recogniseFormat(content: Uint8Array): ImportFormat | null {
  const beginning = content.subarray(0, LOOKED_AT);
  const bytes = new TextDecoder("latin1").decode(beginning);
  if (bytes.startsWith(SQLITE_HEADER)) return "python-sqlite";
  const [first, second = Infinity] = beginning;
  if (first === PICKLE_PROTO && second <= NEWEST_PROTOCOL) return "pickle";
  // Protocols 0 and 1 begin with the dictionary itself.
  if (/^(\(d|\}[.qp])/.test(bytes)) return "pickle";
  const text = new TextDecoder().decode(beginning);
  const formats = (Object.keys(MARKS) as (keyof typeof MARKS)[])
    .filter((format) => isMarked(format, text));
  return formats.length === 1 ? formats[0]! : null;
}

/** Says whether a beginning looks like a format's. */
const MARKS = {
  "json": (text) => /^\s*\{/.test(text) && text.includes(JSON.stringify(EXPORT_FORMAT)),
  "google-authenticator": (text) =>
    /^[A-Za-z0-8= \t-]+\r?\n/.test(text) && /\n" ?[A-Z0-9_]+/.test(text),
  "uris": (text) => /^otpauth:\/\//i.test(firstLine(text)),
  "migration": (text) => /^otpauth-migration:\/\//i.test(firstLine(text)),
  "oath": (text) => /^\s*(HOTP|MOTP)[/ \t]/.test(firstLine(text)),
  "otp-secrets": (text) =>
    /^(totp|hotp|motp|plain)[a-z0-9-]*:/i.test(splitWords(firstLine(text))?.[2] ?? ""),
  "csv": (text) =>
    areHeadings(
      firstLine(text).split(/[,;\t]/).map((heading) => heading.trim().replace(/^"(.*)"$/, "$1")),
    ),
  "aegis": (text) => /^\s*\{/.test(text) && /"header"\s*:/.test(text) && /"db"\s*:/.test(text),
  "2fas": (text) => /^\s*\{/.test(text) && /"services(Encrypted)?"\s*:\s*["[]/.test(text),
  "andotp": (text) =>
    /^\s*\[\s*\{/.test(text) &&
    ["secret", "label", "type"].every((name) => text.includes(`"${name}":`)),
  "pskc": (text) => /^\s*</.test(text) && /<([\w.-]+:)?KeyContainer[\s>]/.test(text),
} satisfies Record<string, (text: string) => boolean>;

function isMarked(format: keyof typeof MARKS, text: string): boolean {
  try {
    return MARKS[format](text);
  } catch {
    return false;
  }
}

function firstLine(text: string): string {
  return meantLines(text)[0]?.text.trim() ?? "";
}
