/**
 * Takes a label apart (Key URI Format of Google Authenticator): `account`, or `issuer:account`, with
 * blanks behind the colon or none.
 *
 * @param label decoded
 * @param issuer what the source itself says, which counts more than the label
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
