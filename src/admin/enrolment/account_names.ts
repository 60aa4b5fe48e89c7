import { findAccount } from "../../system/accounts.ts";
import { quoted } from "../../text/printable.ts";
import type { AdminContext } from "../context.ts";

/** How many names are listed: a whole directory of users may be missing, or spelled differently. */
const MOST_NAMES = 20;

/** Looks up an account's own name; undefined if there is no account, null if it cannot be told. */
export type LookUp = (username: string) => string | null | undefined;

/**
 * Warns of users whose logins will not find them: they have no account on this system, or their
 * account has another name there, by which PAM may call them.
 */
export function warnOfAccountNames(context: AdminContext, usernames: readonly string[]): void {
  for (const warning of doubtsAbout(usernames, accountNameOf)) context.warn(warning);
}

/** What is doubtful about usernames; see {@link warnOfAccountNames}. */
export function doubtsAbout(usernames: readonly string[], lookUp: LookUp): string[] {
  const names = usernames.map((given) => ({ given, own: lookUp(given) }));
  const unknown = names.filter(({ own }) => own === undefined).map(({ given }) => given);
  const others = names.flatMap(({ given, own }) =>
    own === undefined || own === null || own === given ? [] : [{ given, own }]
  );
  const respelled = [
    ...unknown.flatMap((given) => {
      const meant = otherSpelling(given, lookUp);
      return meant === null ? [] : [`the system has an account ${quoted(meant)}: ${advice(meant)}`];
    }),
    ...others.map(({ given, own }) =>
      `the system's own name for ${quoted(given)} is ${quoted(own)}, and PAM may use that name: ` +
      `a login would then not find the user; ${advice(own)}`
    ),
  ];
  const more = respelled.length - MOST_NAMES;
  return [
    ...unknown.length === 0 ? [] : [
      `the system has no account for ${listed(unknown)}: ` +
      "logins will fail until there is one",
    ],
    ...respelled.slice(0, MOST_NAMES),
    ...more > 0 ? [`the system spells ${more} more of the names differently`] : [],
  ];
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, MOST_NAMES).map(quoted).join(", ");
  return names.length > MOST_NAMES ? `${first} and ${names.length - MOST_NAMES} more` : first;
}

function advice(name: string): string {
  return `if that is the user, give the name as ${quoted(name)}`;
}

/** The account that a name without one may stand for, but for its case and form; null for none. */
function otherSpelling(given: string, lookUp: LookUp): string | null {
  const folded = given.normalize("NFKC").trim();
  const found = [folded, folded.toLowerCase()]
    .find((other) => other !== given && other !== "" && lookUp(other) !== undefined);
  return found === undefined ? null : lookUp(found) ?? found;
}

/** Without the C library nobody can be asked: then there is no warning. */
function accountNameOf(username: string): string | null | undefined {
  try {
    const account = findAccount(username);
    return account === null ? undefined : account.name;
  } catch {
    return null;
  }
}
