/** Characters that can affect a terminal or hide in a text: controls, formats, line separators. */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** What most texts consist of, checked without Unicode's tables, which take time to load. */
const PLAIN = /^[\x20-\x7e]*$/;

/** How many characters of a hostile text an error or a log line shows at most. */
const LONGEST = 256;

/** Control characters, including all line ends. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Says whether a text contains control characters or line ends of any kind. */
export function hasControl(text: string): boolean {
  return !PLAIN.test(text) && CONTROL.test(text);
}

/** Makes hostile text safe to show on a terminal: unprintable characters become `\u{…}`. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escaped);
}

/**
 * {@link printable} in double quotes, for an error or a log line: `"` and `\` are escaped too.
 * Texts over 256 characters are cut, and their full length is given.
 */
export function quoted(text: string): string {
  // Cut first: cutting an escape in half could leave the closing quote escaped.
  const shown = Array.from(text.slice(0, 2 * LONGEST)).slice(0, LONGEST)
    .join("");
  const rest = shown.length < text.length ? `… (${text.length} characters)` : "";
  return `"${printable(shown.replace(/["\\]/g, "\\$&"))}${rest}"`;
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
