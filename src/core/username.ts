import { hasControl } from "../text/printable.ts";

/** The longest allowed username, in bytes of UTF-8; OpenVPN itself accepts less than 512. */
export const MAX_USERNAME_BYTES = 256;

/** What {@link isUsername} accepts, in words for an error. */
export const USERNAME_ALLOWED =
  `1 to ${MAX_USERNAME_BYTES} bytes of UTF-8 without control characters`;

/**
 * Says whether a text is allowed as a username. Nearly everything is, because directories allow it
 * (spaces, quotes, `\`, `$`). Empty and overlong names and control characters are not: NUL ends a C
 * string, a newline ends a log line.
 */
export function isUsername(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= MAX_USERNAME_BYTES &&
    !hasControl(text) &&
    text.isWellFormed();
}

/**
 * What is left of a name where case, form and whatever nobody sees make no difference: PAM modules
 * and directories may take names for the same one that have this in common. They prepare strings by
 * RFC 4518 (blanks, characters without a glyph, compatibility forms, case folding), and some leave
 * accents out as well (Active Directory, many collations of SQL databases).
 *
 * Not to be shown to anybody, and never to be looked up as a name.
 *
 * @param name any text
 */
export function foldedName(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  // What one rule makes may be a case for another, but in the end there is nothing left to do.
  const folded = name.normalize("NFKD")
    .replaceAll(IOTA_BELOW, "ι")
    .replace(UNSEEN, "")
    .replace(BLANKS, " ")
    .trim()
    .toUpperCase()
    .toLowerCase()
    .replaceAll("ς", "σ")
    .normalize("NFKC");
  return folded === name ? folded : foldedName(folded);
}

/** A mark whose capital is a letter. */
const IOTA_BELOW = "\u0345";

/** What most names consist of, checked without Unicode's tables, which take time to load. */
const PLAIN = /^[\x21-\x7e]*$/;

/** Marks that go with any letter (accents), and what has no glyph; blanks are not among them. */
const UNSEEN =
  /[\p{Script=Inherited}\p{Default_Ignorable_Code_Point}\p{Cf}\ufffc]|(?![\s\x85])\p{Cc}/gu;

/** NEL is a blank to RFC 4518, but not to JavaScript. */
const BLANKS = /[\s\p{Z}\x85]+/gu;
