import { foldedName } from "./username.ts";

/**
 * Finds among users' names those that a directory service or a PAM module could take for one of the
 * given ones: apart from the differences that {@link foldedName} overlooks, those in what comes with
 * a name (`EXAMPLE\alice`, `alice@example.org`), and those that Unicode's collation algorithm ranks
 * below letters (UTS #10: `ß` and `ss`, `ø` and `o`).
 *
 * It finds too much rather than too little: `alice@one.example` may be another person than
 * `alice@two.example`.
 *
 * @returns the similar names, given ones among them, in the order of `names`
 */
export function similarNames(names: readonly string[], given: readonly string[]): string[] {
  const sought = given.map(bareName);
  return names.filter((name) => {
    const bare = bareName(name);
    return sought.some((one) => one === bare || hasSameLetters(one, bare));
  });
}

/**
 * A folded name without what comes with it: a domain of Windows with its separator (winbind can be
 * set to `/` and `+`), a realm of Kerberos, FreeRADIUS or sssd.
 */
function bareName(name: string): string {
  const folded = foldedName(name);
  const bare = folded.replace(/[@%].*$/s, "").replace(/^.*[\\/+]/s, "").trim();
  return bare === "" ? folded : bare;
}

function hasSameLetters(one: string, other: string): boolean {
  return !(ASCII.test(one) && ASCII.test(other)) && collator().compare(one, other) === 0;
}

const ASCII = /^[\x20-\x7e]*$/;

let made: Intl.Collator | null = null;

/** Made when it is needed, as it takes some 20 ms; English has the order that no language changed. */
function collator(): Intl.Collator {
  made ??= new Intl.Collator("en", { usage: "search", sensitivity: "base" });
  return made;
}
