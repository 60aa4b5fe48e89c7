/**
 * Splits a line into words as pppd's secrets files have them: blanks between words, `'` and `"` around
 * blanks, a backslash before any character outside of quotes, `#` before a comment. Blanks are those of
 * ASCII, as C's `isspace` has them.
 *
 * @returns null where a quote has no end
 */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let rest = line;
  for (;;) {
    rest = rest.replace(/^[ \t-\r]+/, "");
    if (rest === "" || rest.startsWith("#")) return words;
    const raw = rest.match(/^(?:"[^"]*"|'[^']*'|\\[^]|[^ \t-\r#"'\\])+/)?.[0];
    if (raw === undefined) return null;
    words.push(raw.replace(
      /"([^"]*)"|'([^']*)'|\\([^])/g,
      (_, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped!,
    ));
    rest = rest.slice(raw.length);
    if (!/^([ \t-\r#]|$)/.test(rest)) return null;
  }
}
