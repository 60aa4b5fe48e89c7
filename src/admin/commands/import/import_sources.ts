import { Failure } from "../../../core/failure.ts";
import { quoted } from "../../../text/printable.ts";
import {
  FORMATS_WITH_ISSUER,
  IMPORT_FORMAT_NAMES,
  type ImportFormat,
  type ReadingOptions,
  readPlainFormat,
} from "../../../migration/formats.ts";
import { readGoogleAuthenticator } from "../../../migration/google_authenticator.ts";
import { type Reading, UnreadableSource } from "../../../migration/reading.ts";
import { recogniseFormat } from "../../../migration/recognise_format.ts";
import type { AdminContext } from "../../context.ts";
import { type OwnedFile, ownerOf, requireOwnable, splitOwner } from "./file_owner.ts";
import { filesToRead, type FileToRead } from "./files_to_read.ts";
import { readForeignSqlite } from "./foreign_sqlite.ts";
import { readOwnedFile } from "../../input_file.ts";
import { readTotpOptions } from "../../enrolment/totp_options.ts";
import { requireUsername } from "../../users/require_user.ts";
import type { ImportOptions } from "./options.ts";

/** Far more than all users of any server need. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A file, and what was read from it. */
export interface Source {
  /** As it was given. */
  file: string;
  format: ImportFormat;
  reading: Reading;
}

/**
 * Reads the files that are to be imported.
 *
 * @param given files, and directories of the PAM module's files
 * @throws Failure `usage`, `input_error`
 */
export function readSources(
  context: AdminContext,
  given: readonly string[],
  options: ImportOptions,
): Source[] {
  const defaults = readTotpOptions(options);
  if (given.filter((file) => file === "-").length > 1) {
    throw new Failure("usage", "standard input (-) can be read only once");
  }
  const files = filesToRead(context, given);
  if (options.user !== undefined && files.length > 1) {
    throw new Failure("usage", "--user is for a single file: give each file as USER=FILE");
  }
  const sources = files.map((file) => readSource(context, file, options, defaults));
  requireMeant(sources.map(({ format }) => format), options);
  return sources;
}

/** An option that has no effect here was meant for something else. */
function requireMeant(formats: readonly ImportFormat[], options: ImportOptions): void {
  const meant = [
    ["--digits", options.digits, "otp-secrets"],
    ["--period", options.period, "otp-secrets"],
    ["--table", options.table, "python-sqlite"],
    ["--user-column", options.userColumn, "python-sqlite"],
    ["--secret-column", options.secretColumn, "python-sqlite"],
  ] as const;
  for (const [option, value, format] of meant) {
    if (value === undefined || formats.includes(format)) continue;
    throw new Failure("usage", `${option} is only for files in the format ${format}`);
  }
}

function readSource(
  context: AdminContext,
  { file, keeperUid }: FileToRead,
  options: ImportOptions,
  defaults: ReadingOptions["defaults"],
): Source {
  const { path, owner } = splitOwner(file);
  const { content, uid } = readOwnedFile(context, "FILE", path, MAX_BYTES);
  try {
    const format = options.format ?? recognised(content, path);
    const username = options.user ?? owner;
    if (username !== undefined) {
      requireOwnable(file, format);
      requireUsername(username);
    }
    requireIssuers(path, format, options);
    const opened = { path, content, uid, keeperUid, username };
    return { file: path, format, reading: readAs(format, opened, options, defaults) };
  } finally {
    content.fill(0);
  }
}

/** @throws Failure `usage` if a format names no issuer to choose entries by */
function requireIssuers(path: string, format: ImportFormat, { onlyIssuer }: ImportOptions): void {
  if (onlyIssuer === undefined || FORMATS_WITH_ISSUER.has(format)) return;
  throw new Failure(
    "usage",
    `${quoted(path)} is in the format ${format}, which names no issuers: --only-issuer is for ` +
      [...FORMATS_WITH_ISSUER].join(", "),
  );
}

/** A file whose content has been read. */
interface OpenedFile extends OwnedFile {
  content: Uint8Array<ArrayBuffer>;
}

/** @throws Failure `input_error` */
function readAs(
  format: ImportFormat,
  file: OpenedFile,
  options: ImportOptions,
  defaults: ReadingOptions["defaults"],
): Reading {
  const { path, content, username } = file;
  try {
    switch (format) {
      case "google-authenticator":
        return readGoogleAuthenticator(content, ownerOf(file));
      case "python-sqlite":
        return readForeignSqlite(path, content, options);
      default: {
        const choice = { issuer: options.onlyIssuer, owner: username };
        return readPlainFormat(format, content, { defaults, choice });
      }
    }
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error;
    throw new Failure(
      "input_error",
      `cannot import ${quoted(path)} as ${format}: ${error.message}`,
    );
  }
}

function recognised(content: Uint8Array, path: string): ImportFormat {
  const format = recogniseFormat(content);
  if (format !== null) return format;
  throw new Failure(
    "input_error",
    `${
      quoted(path)
    } is not recognised as a file that can be imported, or could be of several formats: ` +
      `choose one with --format: ${IMPORT_FORMAT_NAMES.join(", ")}`,
  );
}
