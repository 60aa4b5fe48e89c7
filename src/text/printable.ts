/** Characters that can act on a terminal or hide in a text: controls, formats, line separators. */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** What most texts are, told without Unicode's tables, which take time to load. */
const PLAIN = /^[\x20-\x7e]*$/;

/** The most characters of a hostile text that an error or a log line shows. */
const LONGEST = 256;

/** Ends of lines among the rest. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Says whether a text has control characters or line ends of any kind. */
export function hasControl(text: string): boolean {
  return !PLAIN.test(text) && CONTROL.test(text);
}

/** Makes hostile text safe to show on a terminal: unprintable characters become `\u{…}`. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escaped);
}

/**
 * {@link printable} between double quotes, for an error or a log line: `"` and `\` are escaped too,
 * and what is over 256 characters long is cut, with a word of how much there was.
 */
export function quoted(text: string): string {
  // Cut first: a cut through an escape could let the closing quote slip.
  const shown = Array.from(text.slice(0, 2 * LONGEST)).slice(0, LONGEST)
    .join("");
  const rest = shown.length < text.length ? `… (${text.length} characters)` : "";
  return `"${printable(shown.replace(/["\\]/g, "\\$&"))}${rest}"`;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
