import type { PasswordBytes } from "../core/password_form.ts";
import type { SecretKey } from "./sealed_secret.ts";

/** Enough to tell passwords apart, in bytes; whoever tries passwords against it needs the key. */
const MARK_BYTES = 12;

/**
 * Makes a mark of a user's password: HMAC-SHA-256 (RFC 2104) of both.
 *
 * @returns in base64
 */
export async function markOfPassword(
  loginName: string,
  password: PasswordBytes,
  key: SecretKey,
): Promise<string> {
  const about = new TextEncoder().encode(`openvpn-totp password of ${loginName}\0`);
  const message = new Uint8Array([...about, ...password.reveal()]);
  try {
    const hmacKey = await crypto.subtle.importKey(
      "raw",
      key.bytes.reveal(),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const mac = await crypto.subtle.sign("HMAC", hmacKey, message);
    return new Uint8Array(mac).subarray(0, MARK_BYTES).toBase64();
  } finally {
    message.fill(0);
  }
}
