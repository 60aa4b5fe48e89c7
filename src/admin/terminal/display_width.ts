import { eastAsianWidth } from "get-east-asian-width";

/**
 * Marks that combine with the character before them, and second and third parts of Korean
 * syllables.
 */
const NO_WIDTH = /[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** What most texts consist of. */
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * How many columns of a terminal a printable text takes, as wcwidth(3) has it: two for each wide
 * character (Unicode Standard Annex #11), none for a combining one.
 */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (NO_WIDTH.test(character)) continue;
    width += eastAsianWidth(character.codePointAt(0)!);
  }
  return width;
}

/** Pads a text with blanks. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}
