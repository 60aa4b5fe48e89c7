/** A rule of a text of AppArmor's, or whatever else ends with a comma, word by word. */
export interface Statement {
  words: readonly string[];
  /** Where it begins, counted from 1. */
  line: number;
}

/**
 * Which statements of a text count: 1 for a profile's text, where they are those of the first
 * profile; 0 for an include. What sub-profiles allow is not OpenVPN's.
 */
export type Level = 0 | 1;

/**
 * An include, a comment, a word in quotes, a path, any other word. A comma within a path does not
 * end a rule, except before a blank.
 */
const TOKEN = new RegExp(
  [
    '#?include[ \\t]*(?:if[ \\t]+exists[ \\t]*)?(?:"(?<path>[^"\\n]*)"?|<(?<name>[^>\\n]*)>?)',
    "#[^\\n]*",
    '"(?:[^"\\\\\\n]|\\\\.)*"?',
    '[/@{](?:[^ \\t\\r\\n",\\\\]|\\\\.|,(?![ \\t\\r\\n]|$))*',
    '[^ \\t\\r\\n",]+',
    "[,\\n]",
  ].join("|"),
  "g",
);

/** Begins or ends a block; what is in front of it says of which kind. */
const BRACE = /^\}$|(?:^|\))\{$/;

/**
 * The statements of a text (apparmor.d(5)) that count, and the names of the files that it includes.
 */
export function statementsIn(
  text: string,
  level: Level,
): { statements: Statement[]; includes: string[] } {
  const statements: Statement[] = [];
  const includes: string[] = [];
  let words: string[] = [];
  let [depth, line, start] = [0, 1, 1];
  for (const { 0: token, groups } of text.matchAll(TOKEN)) {
    const included = groups?.path ?? groups?.name;
    if (token === "\n") line++;
    else if (included !== undefined) {
      if (depth <= level) includes.push(included);
    } else if (token === ",") {
      if (depth === level) statements.push({ words, line: start });
      words = [];
    } else if (BRACE.test(token)) {
      words = [];
      depth += token === "}" ? -1 : 1;
      if (depth < level) break;
    } else if (!token.startsWith("#")) {
      if (words.length === 0) start = line;
      words.push(token);
    }
  }
  return { statements, includes };
}
