import type { SealedSecret } from "../core/enrolment.ts";
import { Redacted } from "../text/redacted.ts";
import { letThreadRest } from "../system/thread_rest.ts";

/** A key that secrets are sealed with. */
export interface SecretKey {
  /** Names the key, and says nothing about it. */
  id: string;
  /** {@link KEY_BYTES} random bytes. */
  bytes: Redacted<Uint8Array<ArrayBuffer>>;
}

/** Length of a key: 256 bits. */
export const KEY_BYTES = 32;

/** Length of the nonce: 96 bits, the one that GCM is made for (SP 800-38D section 8.2.2). */
const NONCE_BYTES = 12;

/** Seals a user's secret. */
export async function sealSecret(
  secret: Redacted<Uint8Array>,
  username: string,
  key: SecretKey,
): Promise<SealedSecret> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await crypto.subtle.encrypt(
    parameters(nonce, username),
    await importKey(key),
    new Uint8Array(secret.reveal()),
  );
  return {
    keyId: key.id,
    bytes: new Uint8Array([...nonce, ...new Uint8Array(ciphertext)]),
  };
}

/**
 * Opens a user's secret.
 *
 * @returns null when the key, the username and the sealed bytes don't belong together
 */
export async function openSecret(
  sealed: SealedSecret,
  username: string,
  key: SecretKey,
): Promise<Redacted<Uint8Array<ArrayBuffer>> | null> {
  const aesKey = await importKey(key);
  try {
    const secret = await crypto.subtle.decrypt(
      parameters(sealed.bytes.subarray(0, NONCE_BYTES), username),
      aesKey,
      sealed.bytes.subarray(NONCE_BYTES),
    );
    letThreadRest();
    return new Redacted(new Uint8Array(secret));
  } catch {
    return null;
  }
}

/** The username is authenticated too, so that no row opens under another name. */
function parameters(nonce: Uint8Array<ArrayBuffer>, username: string): AesGcmParams {
  const purpose = `openvpn-totp secret of ${username}`;
  return {
    name: "AES-GCM",
    iv: nonce,
    additionalData: new TextEncoder().encode(purpose),
  };
}

function importKey(key: SecretKey): Promise<CryptoKey> {
  return crypto.subtle.importKey(
    "raw",
    key.bytes.reveal(),
    "AES-GCM",
    false,
    ["encrypt", "decrypt"],
  );
}
