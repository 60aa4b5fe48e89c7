import { quoted } from "../../text/printable.ts";
import { hasAccount } from "../../system/accounts.ts";
import type { AdminContext } from "../context.ts";

/** Warns of users who have been enrolled but have no account on this system. */
export function warnOfUnknownUsers(context: AdminContext, usernames: readonly string[]): void {
  const unknown = usernames.filter((username) => !isKnown(username));
  if (unknown.length === 0) return;
  context.warn(
    `the system has no account for ${unknown.map(quoted).join(", ")}: ` +
      "logins will fail until there is one",
  );
}

/** Without the C library nobody can be asked: then there is no warning. */
function isKnown(username: string): boolean {
  try {
    return hasAccount(username);
  } catch {
    return true;
  }
}
