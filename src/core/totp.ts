import type { Redacted } from "../text/redacted.ts";
import { letThreadRest } from "../system/thread_rest.ts";
import { COMMON_PARAMETERS, type TotpAlgorithm, type TotpParameters } from "./totp_parameters.ts";

/** The hashes' names in WebCrypto. */
const HASHES: Record<TotpAlgorithm, string> = {
  SHA1: "SHA-1",
  SHA256: "SHA-256",
  SHA512: "SHA-512",
};

/**
 * The time step that a moment lies in (RFC 6238 section 4.2, T with T0 = 0).
 *
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 */
export function timeStep(
  nowMs: number,
  periodSeconds: number = COMMON_PARAMETERS.periodSeconds,
): number {
  return Math.floor(nowMs / 1000 / periodSeconds);
}

/**
 * The code of one counter or time step (RFC 4226 section 5.3).
 *
 * @param key a key of {@link hmacKey}
 * @param counter a whole number, 0 or more
 * @param digits length of the code
 * @returns decimal digits, leading zeros kept
 */
export async function hotp(
  key: CryptoKey,
  counter: number,
  digits: number = COMMON_PARAMETERS.digits,
): Promise<string> {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(counter));
  const mac = new DataView(
    await crypto.subtle.sign("HMAC", key, message.buffer),
  );
  const offset = mac.getUint8(mac.byteLength - 1) & 0x0f;
  const truncated = mac.getUint32(offset) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, "0");
}

/** The HMAC's key made of a user's secret, for {@link hotp}. */
export function hmacKey(
  secret: Redacted<Uint8Array>,
  algorithm: TotpAlgorithm = COMMON_PARAMETERS.algorithm,
): Promise<CryptoKey> {
  return crypto.subtle.importKey(
    "raw",
    new Uint8Array(secret.reveal()),
    { name: "HMAC", hash: HASHES[algorithm] },
    false,
    ["sign"],
  );
}

/**
 * Tells wrong codes, and recovery codes, apart without being one: an HMAC of the code with the user's
 * own secret (with SHA-1, whatever its codes are made with).
 *
 * @returns base64
 */
export async function markOfCode(
  secret: Redacted<Uint8Array>,
  code: string,
): Promise<string> {
  // A counter's message has 8 bytes: this one is of another length.
  const message = new TextEncoder().encode(`wrong code ${code}`);
  const mac = await crypto.subtle.sign("HMAC", await hmacKey(secret), message);
  return new Uint8Array(mac).toBase64();
}

/**
 * Finds the time step that a code belongs to, within the drift window around now
 * (RFC 6238 section 5.2).
 *
 * The present step is looked at first, as nearly every code is of it, then its neighbours outwards.
 *
 * @param code decimal digits
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 * @param driftSteps steps before and after the present one that count too
 * @returns the matching time step, or null
 */
export async function matchTimeStep(
  secret: Redacted<Uint8Array>,
  code: string,
  nowMs: number,
  driftSteps: number,
  { algorithm, digits, periodSeconds }: TotpParameters = COMMON_PARAMETERS,
): Promise<number | null> {
  if (code.length !== digits) return null;
  const key = await hmacKey(secret, algorithm);
  const present = timeStep(nowMs, periodSeconds);
  for (let distance = 0; distance <= driftSteps; distance++) {
    for (const step of new Set([present + distance, present - distance])) {
      if (step < 0) continue;
      const expected = await hotp(key, step, digits);
      if (equalInConstantTime(expected, code)) return step;
      letThreadRest();
    }
  }
  return null;
}

/** Compares without an early exit, so that the time taken says nothing of where texts differ. */
function equalInConstantTime(expected: string, given: string): boolean {
  if (given.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= expected.charCodeAt(i) ^ given.charCodeAt(i);
  }
  return difference === 0;
}
