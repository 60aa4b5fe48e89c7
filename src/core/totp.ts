import type { Redacted } from "../text/redacted.ts";
import type { EpochMs } from "./epoch.ts";
import { COMMON_PARAMETERS, type TotpAlgorithm, type TotpParameters } from "./totp_parameters.ts";

/** Names of the hashes in WebCrypto. */
const HASHES: Record<TotpAlgorithm, string> = {
  SHA1: "SHA-1",
  SHA256: "SHA-256",
  SHA512: "SHA-512",
};

/**
 * The time step that a moment lies in (RFC 6238 section 4.2, T with T0 = 0).
 */
export function timeStepAt(
  now: EpochMs,
  periodSeconds: number = COMMON_PARAMETERS.periodSeconds,
): number {
  return Math.floor(now / 1000 / periodSeconds);
}

/**
 * The code for one counter or time step (RFC 4226 section 5.3).
 *
 * @param key a key from {@link hmacKey}
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

/** The HMAC key made from a user's secret, for {@link hotp}. */
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
 * Makes a mark that distinguishes wrong codes and recovery codes without revealing them: an HMAC of
 * the code with the user's own secret (always with SHA-1, whatever hash the user's codes use).
 *
 * @returns base64
 */
export async function markOfCode(
  secret: Redacted<Uint8Array>,
  code: string,
): Promise<string> {
  // A counter's message has 8 bytes; this one has another length.
  const message = new TextEncoder().encode(`wrong code ${code}`);
  const mac = await crypto.subtle.sign("HMAC", await hmacKey(secret), message);
  return new Uint8Array(mac).toBase64();
}

/** What codes are made from. */
export interface CodeSource {
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
}

/** Which time steps are searched for a code. */
export interface TimeStepSearch {
  now: EpochMs;
  /** How many time steps before and after the current one are searched, too. */
  steps: number;
  /** Called between two signatures: see `letThreadRest`. */
  rest(): void;
}

/**
 * Finds the time step that a code belongs to, near the current one (RFC 6238 section 5.2).
 *
 * The current step is tried first, because nearly every code belongs to it, then its neighbours
 * outwards.
 *
 * @param code decimal digits
 * @returns the matching time step nearest to the current one, or null
 */
export async function matchTimeStep(
  code: string,
  { secret, parameters: { algorithm, digits, periodSeconds } }: CodeSource,
  { now, steps, rest }: TimeStepSearch,
): Promise<number | null> {
  if (code.length !== digits) return null;
  const key = await hmacKey(secret, algorithm);
  const present = timeStepAt(now, periodSeconds);
  for (let distance = 0; distance <= steps; distance++) {
    for (const step of new Set([present + distance, present - distance])) {
      if (step < 0) continue;
      if (isEqual(await hotp(key, step, digits), code)) return step;
      rest();
    }
  }
  return null;
}

/**
 * Compares without an early exit, so that the time taken says nothing of where the texts differ. It
 * is written by hand because a login would load `node:crypto` for it alone.
 */
function isEqual(expected: string, given: string): boolean {
  if (given.length !== expected.length) return false;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference |= expected.charCodeAt(i) ^ given.charCodeAt(i);
  }
  return difference === 0;
}
