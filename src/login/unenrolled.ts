import { type Accepted, type Refused, refused } from "../core/verdict.ts";
import { quoted } from "../text/printable.ts";
import type { Transaction } from "./conclude.ts";
import { recordUncoded } from "./exemption_entry.ts";
import type { LoginParts } from "./login_parts.ts";

/** What somebody is called who is not enrolled. */
export interface UserNames {
  /** The name given at the login. */
  loginName: string;
  /** PAM's name, which is the one that is looked up. */
  username: string;
  /** The name that the system's accounts have; null if there is no account. */
  accountName: string | null;
}

/**
 * Decides about a user who is not enrolled, after the right password. `totpUnenrolled allow` lets
 * nobody in who may be an enrolled or exempt user by another name: the modules of PAM may fold names
 * without saying so, and an enrolled user must not get around the code, nor a disabled one come in,
 * by other letters.
 */
export async function judgeUnenrolled(
  user: UserNames,
  transaction: Transaction,
  parts: LoginParts,
): Promise<Accepted | Refused> {
  const names = [user.loginName, user.username, user.accountName ?? user.username];
  const similar = await transaction.records.similarUsernames(names);
  const isAllowed = parts.rules.unenrolled === "allow";
  if (isAllowed && similar.length === 0) {
    await recordUncoded(user.username, transaction, parts);
    return LET_IN;
  }
  const limits = isAllowed ? ["totpUnenrolled allow admits no name that is similar to those"] : [];
  const details = [...describeNames(user, similar), ...limits];
  return refused("not_enrolled", details.length === 0 ? undefined : details.join("; "));
}

const LET_IN = {
  outcome: "accepted",
  by: "password",
  warning: "the user is not enrolled and was admitted by totpUnenrolled allow: " +
    "run openvpn-totp enroll USER",
} as const;

/** How many similar names a line of the log has at most. */
const MOST_NAMES = 3;

/** What an administrator who enrolled a user by another name must know, where names differ. */
function describeNames(user: UserNames, similar: readonly string[]): string[] {
  const { loginName, username, accountName } = user;
  const isOtherAccount = accountName !== null && accountName !== username;
  const known = similar.slice(0, MOST_NAMES).map(quoted).join(", ");
  const more = similar.length > MOST_NAMES ? ` and ${similar.length - MOST_NAMES} more` : "";
  return [
    ...loginName !== username || isOtherAccount || similar.length > 0
      ? [`PAM calls this user ${quoted(username)}, and a user must be enrolled under that name`]
      : [],
    ...isOtherAccount ? [`the account is called ${quoted(accountName)}`] : [],
    ...similar.length > 0 ? [`similar names that are enrolled or exempt: ${known}${more}`] : [],
  ];
}
