/**
 * Splits a line into words as in pppd's secrets files: blanks separate words, `'` and `"` quote
 * them, a backslash outside quotes escapes any character, and `#` begins a comment. Blanks are
 * those of ASCII, as in C's `isspace`. It is written by hand because shells' rules, which libraries
 * follow, differ.
 *
 * @returns null if a quote is not closed
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
