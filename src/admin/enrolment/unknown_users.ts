import { quoted } from "../../text/printable.ts";
import { hasAccount } from "../../system/accounts.ts";
import type { AdminContext } from "../context.ts";

/** Warns of users who have been enrolled, and whom the system doesn't know. */
export function warnOfUnknownUsers(
  context: AdminContext,
  usernames: readonly string[],
): void {
  const unknown = usernames.filter((username) => !isKnown(username));
  const [first] = unknown;
  if (first === undefined) return;
  const names = unknown.length === 1
    ? `no user ${quoted(first)}`
    : `none of ${unknown.map(quoted).join(", ")}`;
  context.err(
    `openvpn-totp: warning: the system knows ${names}: ` +
      "enrolled all the same, but no password is right until there is one\n",
  );
}

/** Without the C library there is nobody to ask, and no reason to warn of the user. */
function isKnown(username: string): boolean {
  try {
    return hasAccount(username);
  } catch {
    return true;
  }
}
