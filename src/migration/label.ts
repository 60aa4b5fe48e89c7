/** An account as a label names it. */
export interface LabelledAccount {
  username: string;
  issuer: string | null;
}

/**
 * Splits a label (Key URI Format of Google Authenticator): `account` or `issuer:account`, perhaps
 * with blanks after the colon. An issuer may hold a colon itself, as a URL does: then the issuer
 * that is named outside the label says where the account begins.
 *
 * @param label decoded
 * @param issuer the issuer that is named outside the label, which takes precedence
 * @returns null if the label does not say where the account begins
 */
export function accountOf(label: string, issuer: string | null): LabelledAccount | null {
  const prefix = `${issuer ?? ""}:`;
  const [start, account] = [label.slice(0, prefix.length), label.slice(prefix.length)];
  if (issuer && start.toLowerCase() === prefix.toLowerCase()) {
    return { username: withoutBlanks(account), issuer };
  }
  const [first, ...rest] = label.split(":");
  if (rest.length > 1) return null;
  return rest.length === 0
    ? { username: label, issuer: issuer || null }
    : { username: withoutBlanks(rest[0]!), issuer: issuer || first || null };
}

/** What an error says if {@link accountOf} finds no account. */
export const UNCLEAR_LABEL =
  "the label has several colons, and no issuer= says which of them begins the account";

function withoutBlanks(account: string): string {
  return account.replace(/^ +/, "");
}
