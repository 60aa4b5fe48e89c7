import { readAegis } from "./aegis.ts";
import { readAndotp } from "./andotp.ts";
import { readCsv } from "./csv.ts";
import type { EntryChoice } from "./entry_choice.ts";
import { readExportFile } from "./export_file.ts";
import { readMigration } from "./migration.ts";
import { readOath } from "./oath.ts";
import { readOtpSecrets } from "./otp_secrets.ts";
import { readPickle } from "./pickle.ts";
import { readPskc } from "./pskc.ts";
import type { Reading } from "./reading.ts";
import { readTwofas } from "./twofas.ts";
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
  "aegis": "an export of the app Aegis, not encrypted",
  "2fas": "a backup of the app 2FAS, without a password",
  "andotp": "a plain-text backup of the app andOTP",
  "pskc": "a key container of hardware tokens (RFC 6030), not encrypted",
} as const;

/** One of {@link IMPORT_FORMATS}. */
export type ImportFormat = keyof typeof IMPORT_FORMATS;

/** Names of the {@link IMPORT_FORMATS}. */
export const IMPORT_FORMAT_NAMES = Object.keys(IMPORT_FORMATS) as [ImportFormat, ...ImportFormat[]];

/** Formats whose files need nothing but their content to be read. */
export type PlainFormat = Exclude<ImportFormat, "python-sqlite" | "google-authenticator">;

/** Formats of apps and tokens: their entries' names are seldom those of the system's users. */
export const FORMATS_WITH_OWNER: ReadonlySet<ImportFormat> = new Set(
  ["google-authenticator", "uris", "migration", "aegis", "2fas", "andotp", "pskc"],
);

/** Formats whose entries have an issuer, or may have one. */
export const FORMATS_WITH_ISSUER: ReadonlySet<ImportFormat> = new Set(
  ["uris", "migration", "csv", "json", "aegis", "2fas", "andotp", "pskc"],
);

/** What a file of a {@link PlainFormat} may leave unsaid, and which of its entries are meant. */
export interface ReadingOptions {
  defaults: { digits: number; periodSeconds: number };
  choice: EntryChoice;
}

/**
 * Reads a file.
 *
 * @throws UnreadableSource
 */
export function readPlainFormat(
  format: PlainFormat,
  content: Uint8Array,
  { defaults, choice }: ReadingOptions,
): Reading {
  switch (format) {
    case "pickle":
      return readPickle(content);
    case "oath":
      return readOath(content);
    case "otp-secrets":
      return readOtpSecrets(content, defaults);
    default:
      return READERS[format](content, choice);
  }
}

/** The readers of formats whose entries can be chosen. */
const READERS = {
  "uris": readUris,
  "migration": readMigration,
  "csv": readCsv,
  "json": readExportFile,
  "aegis": readAegis,
  "2fas": readTwofas,
  "andotp": readAndotp,
  "pskc": readPskc,
} satisfies Record<
  Exclude<PlainFormat, "pickle" | "oath" | "otp-secrets">,
  (content: Uint8Array, choice: EntryChoice) => Reading
>;
