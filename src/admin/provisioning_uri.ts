/**
 * The URI that authenticator apps take a secret from (Key URI Format of Google Authenticator), with
 * the parameters and their order as `pyotp` writes them: what the users of the older script have.
 *
 * @param secret base32, without padding
 */
export function provisioningUri(
  issuer: string,
  username: string,
  secret: string,
): string {
  const label = `${encodeLabel(issuer)}:${encodeLabel(username)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encode(issuer)}`;
}

/** Percent-encodes all but RFC 3986's unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A slash may stand in a URI's path. */
function encodeLabel(text: string): string {
  return encode(text).replaceAll("%2F", "/");
}
