import { Secret } from "otpauth";
import { Redacted } from "../../text/redacted.ts";
import type { RandomBytes } from "../context.ts";

/** Length of a new secret: 160 bits, as RFC 4226 section 4 (R6) recommends. */
const SECRET_BYTES = 20;

/** A new random secret. */
export function newSecret(randomBytes: RandomBytes): Redacted<Uint8Array> {
  return new Redacted(randomBytes(SECRET_BYTES));
}

/** A secret in base32 (RFC 4648 section 6), without padding: the form that apps take. */
export function shownSecret(secret: Redacted<Uint8Array>): string {
  const bytes = new Uint8Array(secret.reveal());
  return new Secret({ buffer: bytes.buffer }).base32;
}
