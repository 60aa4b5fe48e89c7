import type { EpochMs } from "../core/epoch.ts";
import type { SessionToken } from "../core/password_form.ts";
import type { ReadVariable } from "../settings.ts";
import { decodeLatin1 } from "../text/latin1.ts";

/** The beginning of every token that `auth-gen-token` makes. */
const PREFIX = new TextEncoder().encode("SESS_ID_AT_");

/** Length of the session id in a token, in bytes; two times of 8 bytes each and an HMAC follow. */
const SESSION_ID_BYTES = 12;

/**
 * Recognises a session token sent as the password, and reads when its first login was. OpenVPN
 * reports in `session_state` whether it verified the token (openvpn(8), `--auth-gen-token`,
 * `external-auth`); only `Authenticated` means that it did.
 *
 * @returns null if the password is not a token
 */
export function readSessionToken(
  read: ReadVariable,
  password: Uint8Array,
): SessionToken | null {
  if (!PREFIX.every((byte, i) => password[i] === byte)) return null;
  const isVerified = read("session_state") === "Authenticated";
  return { loginAt: isVerified ? readLoginTime(password) : null };
}

/** The time of the first login; null if the token does not have this form. */
function readLoginTime(token: Uint8Array): EpochMs | null {
  try {
    const base64 = decodeLatin1(token.subarray(PREFIX.length));
    const bytes = Uint8Array.fromBase64(base64);
    const seconds = new DataView(bytes.buffer).getBigInt64(SESSION_ID_BYTES);
    return Number(seconds) * 1000;
  } catch {
    return null;
  }
}
