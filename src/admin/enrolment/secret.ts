import { Secret } from "otpauth";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { Redacted } from "../../text/redacted.ts";
import { SECRET_LENGTH } from "../../core/totp_parameters.ts";
import { decodeBase32 } from "../../text/base32.ts";
import { decodeHex } from "../../text/hex.ts";
import type { AdminContext, RandomBytes } from "../context.ts";
import { readInputFile } from "../input_file.ts";

/** How a secret is written (RFC 4648 sections 6 and 8). */
export type SecretEncoding = "base32" | "hex";

/** Length of a new secret: 160 bits, as RFC 4226 section 4 (R6) recommends. */
const SECRET_BYTES = 20;

/** Far longer than any secret, blanks included. */
const MAX_FILE_BYTES = 4096;

/** A new random secret. */
export function newSecret(randomBytes: RandomBytes): Redacted<Uint8Array> {
  return new Redacted(randomBytes(SECRET_BYTES));
}

/** A secret in base32 (RFC 4648 section 6), without padding: the form that apps take. */
export function shownSecret(secret: Redacted<Uint8Array>): string {
  const bytes = new Uint8Array(secret.reveal());
  return new Secret({ buffer: bytes.buffer }).base32;
}

/**
 * Reads the secret in the file of `--secret-from`; blanks, dashes, padding and case are ignored.
 *
 * @param path `-` is standard input
 * @throws Failure `input_error`
 */
export function readSecret(
  context: AdminContext,
  path: string,
  encoding: SecretEncoding = "base32",
): Redacted<Uint8Array> {
  const content = readInputFile(context, "--secret-from", path, MAX_FILE_BYTES);
  const secret = decodeSecret(new TextDecoder().decode(content), encoding);
  content.fill(0);
  if (secret !== null) return secret;
  throw new Failure(
    "input_error",
    `--secret-from ${quoted(path)} contains no secret: expected ${SECRET_LENGTH.least} to ` +
      `${SECRET_LENGTH.most} bytes in ${encoding} (--secret-encoding)`,
  );
}

/**
 * Decodes a secret as people and programs write it.
 *
 * @returns null for text that isn't a secret of an allowed length
 */
function decodeSecret(text: string, encoding: SecretEncoding): Redacted<Uint8Array> | null {
  const plain = text.replace(/[\s-]/g, "").replace(/=+$/, "");
  const bytes = encoding === "hex" ? decodeHex(plain) : decodeBase32(plain);
  const isAllowed = bytes !== null && bytes.length >= SECRET_LENGTH.least &&
    bytes.length <= SECRET_LENGTH.most;
  return isAllowed ? new Redacted(bytes) : null;
}
