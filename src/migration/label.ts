/**
 * Splits a label (Key URI Format of Google Authenticator): `account` or `issuer:account`, perhaps
 * with blanks after the colon.
 *
 * @param label decoded
 * @param issuer the issuer that is named outside the label, which takes precedence
 */
export function accountOf(
  label: string,
  issuer: string | null,
): { username: string; issuer: string | null } {
  const colon = label.indexOf(":");
  return colon < 0 ? { username: label, issuer: issuer || null } : {
    username: label.slice(colon + 1).replace(/^ +/, ""),
    issuer: issuer || label.slice(0, colon) || null,
  };
}
