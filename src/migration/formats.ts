import { readCsv } from "./csv.ts";
import { EXPORT_FORMAT } from "./export_format.ts";
import { readExportFile } from "./export_file.ts";
import { readMigration } from "./migration.ts";
import { readOath } from "./oath.ts";
import { readOtpSecrets } from "./otp_secrets.ts";
import { readPickle } from "./pickle.ts";
import { NEWEST_PROTOCOL } from "./pickle_machine.ts";
import type { Reading } from "./reading.ts";
import { splitWords } from "./shell_words.ts";
import { meantLines } from "./text.ts";
import { readUris } from "./uris.ts";

/** The formats that can be read, and what they are. */
export const IMPORT_FORMATS = {
  "pickle": "pyotp_index.db of the older Python script",
  "python-sqlite": "the SQLite database of the newer Python script",
  "google-authenticator": ".google_authenticator files of the PAM module",
  "oath": "a users file of pam_oath",
  "otp-secrets": "a secrets file of openvpn-otp",
  "uris": "otpauth URIs, one per line",
  "migration": "export links of the Google Authenticator app, one per line",
  "csv": "a table with the headings username and secret",
  "json": "the output of export --format json",
} as const;

/** One of {@link IMPORT_FORMATS}. */
export type ImportFormat = keyof typeof IMPORT_FORMATS;

/** Names of the {@link IMPORT_FORMATS}. */
export const IMPORT_FORMAT_NAMES = Object.keys(IMPORT_FORMATS) as [ImportFormat, ...ImportFormat[]];

/** Formats whose files need nothing but their content to be read. */
export type PlainFormat = Exclude<ImportFormat, "python-sqlite" | "google-authenticator">;

/** What a file of a {@link PlainFormat} may leave unsaid. */
export interface ReadingDefaults {
  digits: number;
  periodSeconds: number;
}

/**
 * Reads a file.
 *
 * @throws UnreadableSource
 */
export function readPlainFormat(
  format: PlainFormat,
  content: Uint8Array,
  defaults: ReadingDefaults,
): Reading {
  switch (format) {
    case "pickle":
      return readPickle(content);
    case "oath":
      return readOath(content);
    case "otp-secrets":
      return readOtpSecrets(content, defaults);
    case "uris":
      return readUris(content);
    case "migration":
      return readMigration(content);
    case "csv":
      return readCsv(content);
    case "json":
      return readExportFile(content);
  }
}

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
    /^[A-Za-z2-7=]+[ \t]*\r?\n/.test(text) && /\n" [A-Z0-9_]+/.test(text),
  "uris": (text) => /^otpauth:\/\//.test(firstLine(text)),
  "migration": (text) => /^otpauth-migration:\/\//.test(firstLine(text)),
  "oath": (text) => /^\s*(HOTP|MOTP)[/ \t]/.test(firstLine(text)),
  "otp-secrets": (text) =>
    /^(totp|hotp|motp|plain)[a-z0-9-]*:/i.test(splitWords(firstLine(text))?.[2] ?? ""),
  "csv": (text) => {
    const headings = firstLine(text).toLowerCase().split(/[,;\t]/)
      .map((heading) => heading.replace(/^"(.*)"$/, "$1").trim());
    return headings.includes("username") && headings.includes("secret");
  },
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
