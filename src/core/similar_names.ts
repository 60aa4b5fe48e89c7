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
 * A key by which a store finds similar names without reading all: names that {@link similarNames} takes
 * for one another have the same key. Others may have it, too, so what is found is still to be compared.
 * A name in ASCII has its bare name for a key; other letters are told apart as far as
 * {@link LETTERS} go.
 *
 * Stores keep keys. If this rule, {@link foldedName} or the runtime's Unicode changes, a test fails that
 * knows what it gives for every character, and what is stored has to be made anew by a migration.
 *
 * @param name any text
 */
export function similarityKey(name: string): string {
  const bare = bareName(name);
  if (ASCII.test(bare)) return bare;
  // As the collation algorithm begins: a Hangul syllable is a sequence of letters to it.
  const characters = [...bare.normalize("NFD").replaceAll(CATALAN_L, "l")];
  return characters.map(lettersOf).join("").replace(REPEATED, "$1");
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

/**
 * A script may write as two letters what it also has as one, and not all of those are known here: how
 * often one follows itself tells nothing.
 */
const REPEATED = /([^\x20-\x7e])\1+/gu;

/** The one sequence with a rank of its own that no other rule here covers (UTS #35). */
const CATALAN_L = "l\u00b7";

/** Characters that a key may consist of. Whatever is ranked between two of them is taken for the first. */
const LETTERS = [
  [0x20, 0x40],
  [0x5b, 0x7e],
  // Greek, Cyrillic, Hebrew, Arabic, Hiragana, and some of China's
  [0x3b1, 0x3c9],
  [0x430, 0x44f],
  [0x5d0, 0x5ea],
  [0x627, 0x64a],
  [0x3042, 0x3093],
  [0x4e00, 0x9fff, 256],
] as const;

/** The {@link LETTERS} of a character: several of an `æ`, none of a mark. */
function lettersOf(character: string): string {
  if (ASCII.test(character)) return character;
  let letters = "";
  while (letters.length < MOST_LETTERS) {
    const next = lastNotBeyond(character, letters);
    if (next === undefined) break;
    letters += next;
    // Only where it begins with exactly this letter does another one follow.
    if (collator().compare(letters + HIGHEST, character) < 0) break;
    if (collator().compare(letters, character) === 0) break;
  }
  return letters;
}

/** More than any character stands for once it is folded. */
const MOST_LETTERS = 8;

/** Ranked above all characters (UTS #35, part 5). */
const HIGHEST = "\uffff";

/** The last letter that, behind those before it, isn't ranked above a character. */
function lastNotBeyond(character: string, before: string): string | undefined {
  const letters = rankedLetters();
  let [first, end] = [0, letters.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (collator().compare(before + letters[middle], character) <= 0) first = middle + 1;
    else end = middle;
  }
  return letters[end - 1];
}

let ranked: string[] | null = null;

function rankedLetters(): string[] {
  return ranked ??= LETTERS.flatMap(([first, last, step = 1]) =>
    Array.from(
      { length: Math.floor((last - first) / step) + 1 },
      (_, i) => String.fromCodePoint(first + i * step),
    )
  ).filter((letter) => collator().compare(letter, "") !== 0).sort(collator().compare);
}

let made: Intl.Collator | null = null;

/** Made when it is needed, as it takes some 20 ms; English has the order that no language changed. */
function collator(): Intl.Collator {
  made ??= new Intl.Collator("en", { usage: "search", sensitivity: "base" });
  return made;
}
