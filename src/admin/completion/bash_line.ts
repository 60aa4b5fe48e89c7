/** A word of a command line. */
interface Word {
  /** As typed. */
  raw: string;
  /** Without its quotes and backslashes; nothing is expanded. */
  value: string;
  /** The quote that is still open at its end. */
  quote: "" | "'" | '"';
}

/**
 * Characters without a special meaning to the shell anywhere in a word, those beyond ASCII
 * included.
 */
const HARMLESS = /[\w%+=:,.\/@\u0080-\u{10ffff}-]/u;

/**
 * Splits a command line as bash does (its manual, "Quoting"), but expands nothing.
 *
 * @returns the last word is empty where the next one begins
 */
export function splitLine(line: string): Word[] {
  const words: Word[] = [];
  let word: Word | null = null;
  let isEscaped = false;
  for (const character of line) {
    const quote: Word["quote"] = word?.quote ?? "";
    if (!isEscaped && quote === "" && /[ \t\n]/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word ??= { raw: "", value: "", quote: "" };
    word.raw += character;
    if (isEscaped) {
      // Between double quotes a backslash stands for itself before most characters.
      const stays = quote === '"' && !/["\\$`\n]/.test(character);
      word.value += stays ? `\\${character}` : character;
      isEscaped = false;
    } else if (character === "\\" && quote !== "'") isEscaped = true;
    else if (character === quote) word.quote = "";
    else if (quote === "" && (character === "'" || character === '"')) {
      word.quote = character;
    } else word.value += character;
  }
  return [...words, word ?? { raw: "", value: "", quote: "" }];
}

/**
 * What to put in place of the end of a word, so that bash reads the word as `value`.
 *
 * @param raw the word as typed
 * @param end the part that is replaced: readline starts a new word at characters such as `@`, `=`
 * and `:`, and at an opening quote
 * @returns null where there is no such text
 */
export function insertion(value: string, raw: string, end: string): string | null {
  const kept = raw.endsWith(end) ? raw.slice(0, raw.length - end.length) : "";
  const head = splitLine(kept).at(-1)!;
  if (!value.startsWith(head.value)) return null;
  const rest = value.slice(head.value.length);
  switch (head.quote) {
    case "":
      return escaped(rest);
    case "'":
      return rest.replaceAll("'", "'\\''");
    case '"':
      // History is expanded between double quotes, and a backslash before it would stay.
      return rest.includes("!") ? null : rest.replace(/["\\$`]/g, "\\$&");
  }
}

function escaped(text: string): string {
  return Array.from(text).map((character) =>
    HARMLESS.test(character) ? character : `\\${character}`
  ).join("");
}
