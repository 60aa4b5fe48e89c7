/**
 * A session token in OpenVPN's form: session id, time of the first login, time of renewal, HMAC.
 *
 * @param seconds the time of the first login, in seconds since 1970-01-01T00:00:00Z
 * @param renewed the time of the renewal, in the same unit
 */
export function sessionToken(
  seconds: number,
  renewed = seconds,
): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(12 + 8 + 8 + 32));
  bytes.setBigInt64(12, BigInt(seconds));
  bytes.setBigInt64(20, BigInt(renewed));
  const base64 = new Uint8Array(bytes.buffer).toBase64();
  return new TextEncoder().encode(`SESS_ID_AT_${base64}`);
}
