import { Failure } from "../../core/failure.ts";
import { SECRET_LENGTH, type TotpParameters } from "../../core/totp_parameters.ts";
import type { Reading } from "../../migration/reading.ts";
import { ReadingBuilder } from "../../migration/reading_builder.ts";
import { readUriLine } from "../../migration/uri_line.ts";
import { SETTINGS } from "../../settings.ts";
import { decodeBase32 } from "../../text/base32.ts";
import { decodeHex } from "../../text/hex.ts";
import { quoted } from "../../text/printable.ts";
import { Redacted } from "../../text/redacted.ts";
import type { AdminContext } from "../context.ts";
import { readInputFile } from "../input_file.ts";
import { readTotpOptions, type TotpOptions } from "./totp_options.ts";

/** How a secret is written (RFC 4648 sections 6 and 8). */
export type SecretEncoding = "base32" | "hex";

/** The options that say where a secret is and what it is like. */
export interface SecretOptions extends TotpOptions {
  secretFrom?: string;
  secretEncoding?: SecretEncoding;
}

/** A secret that a user already has, and how its codes are made. */
export interface GivenSecret {
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
  /** The issuer that the file names, if it can be kept; otherwise null. */
  issuer: string | null;
}

/** Far longer than any secret or URI, blanks included. */
const MAX_FILE_BYTES = 4096;

/**
 * Reads the file of `--secret-from`: a secret in base32, one in hexadecimal (after `0x`, or with
 * `--secret-encoding hex`), or a provisioning URI. In a secret, blanks, dashes, padding and case are
 * ignored. A URI says how its codes are made.
 *
 * @param path `-` is standard input
 * @throws Failure `input_error`, and `usage` for options that contradict a URI
 */
export function readGivenSecret(
  context: AdminContext,
  username: string,
  path: string,
  options: SecretOptions,
): GivenSecret {
  const content = readInputFile(context, "--secret-from", path, MAX_FILE_BYTES);
  try {
    const text = new TextDecoder().decode(content).trim();
    if (/^otpauth:/i.test(text)) return fromUri(text, username, path, options);
    const secret = decodeSecret(text, options.secretEncoding);
    if (secret !== null) return { secret, parameters: readTotpOptions(options), issuer: null };
  } finally {
    content.fill(0);
  }
  const encoding = options.secretEncoding === undefined
    ? "base32, in hexadecimal after 0x or with --secret-encoding hex, or as an otpauth URI"
    : `${options.secretEncoding} (--secret-encoding)`;
  throw new Failure(
    "input_error",
    `--secret-from ${quoted(path)} contains no secret: expected ${SECRET_LENGTH.least} to ` +
      `${SECRET_LENGTH.most} bytes in ${encoding}`,
  );
}

/**
 * Decodes a secret as people and programs write it.
 *
 * @returns null for text that isn't a secret of an allowed length
 */
function decodeSecret(
  text: string,
  encoding: SecretEncoding | undefined,
): Redacted<Uint8Array> | null {
  const plain = text.replace(/[\s-]/g, "").replace(/=+$/, "");
  const prefixed = encoding === "base32" ? null : plain.match(/^0x(.*)$/i)?.[1] ?? null;
  const isHex = encoding === "hex" || prefixed !== null;
  const bytes = isHex ? decodeHex(prefixed ?? plain) : decodeBase32(plain);
  const isAllowed = bytes !== null && bytes.length >= SECRET_LENGTH.least &&
    bytes.length <= SECRET_LENGTH.most;
  return isAllowed ? new Redacted(bytes) : null;
}

function fromUri(
  text: string,
  username: string,
  path: string,
  options: SecretOptions,
): GivenSecret {
  if (options.secretEncoding !== undefined) {
    throw new Failure("usage", "--secret-encoding is for a bare secret, not for an otpauth URI");
  }
  const { users: [user], obstacles: [obstacle] } = readUri(text, username, path);
  if (user === undefined) throw unusable(path, obstacle?.reason ?? "there is none");
  requireAgreement(options, user.parameters);
  const issuer = user.issuer !== null && SETTINGS.issuerName.parse(user.issuer) !== undefined
    ? user.issuer
    : null;
  return { secret: user.secret, parameters: user.parameters, issuer };
}

/** The user is known, whatever account the URI names. */
function readUri(text: string, username: string, path: string): Reading {
  if (/[\r\n]/.test(text)) throw unusable(path, "expected a single line");
  const reading = new ReadingBuilder({ owner: username });
  readUriLine(reading, { place: "line 1", text });
  return reading;
}

function unusable(path: string, reason: string): Failure {
  return new Failure(
    "input_error",
    `--secret-from ${quoted(path)} has an otpauth URI that cannot be used: ${reason}`,
  );
}

/** @throws Failure `usage` for an option that says otherwise than the URI */
function requireAgreement(options: SecretOptions, parameters: TotpParameters): void {
  const wanted = readTotpOptions(options);
  const told = [
    ["--algorithm", options.algorithm, wanted.algorithm, parameters.algorithm],
    ["--digits", options.digits, wanted.digits, parameters.digits],
    ["--period", options.period, wanted.periodSeconds, parameters.periodSeconds],
  ] as const;
  for (const [option, given, asked, found] of told) {
    if (given === undefined || asked === found) continue;
    throw new Failure(
      "usage",
      `${option} is ${quoted(given)}, but the otpauth URI says ${found}: leave the option out`,
    );
  }
}
