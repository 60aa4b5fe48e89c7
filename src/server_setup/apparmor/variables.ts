/** What variables stand for, by their names. */
export type Variables = ReadonlyMap<string, readonly string[]>;

const DEFINITION = /^[ \t]*@\{(\w+)\}[ \t]*\+?=[ \t]*([^\n]*)/gm;
const VALUE = /#.*|"([^"]*)"|([^\s"]+)/g;

/** The variables that texts define, each with all values that it is given anywhere. */
export function variablesIn(texts: readonly string[]): Variables {
  const variables = new Map<string, string[]>();
  for (const [, name, rest] of texts.flatMap((text) => [...text.matchAll(DEFINITION)])) {
    const values = Array.from(rest!.matchAll(VALUE), ([, quoted, bare]) => quoted ?? bare);
    const known = variables.get(name!) ?? [];
    variables.set(name!, [...known, ...values.filter((value) => value !== undefined)]);
  }
  return variables;
}

const VARIABLE = /(?<!\\)@\{(\w+)\}/g;

/** The most variables in a pattern, and the most patterns that it stands for. */
const MOST = { variables: 10, patterns: 500 };

/**
 * The patterns that one with variables stands for. An unknown variable stays as it is. Slashes that
 * come together count as one, as for the parser.
 */
export function expansionsOf(pattern: string, variables: Variables): string[] {
  let patterns = [pattern];
  for (let i = 0; i < MOST.variables && patterns.some((one) => one.includes("@")); i++) {
    patterns = patterns.flatMap((one) => firstReplaced(one, variables)).slice(0, MOST.patterns);
  }
  return patterns.map((one) => one.replace(/\/{2,}/g, "/"));
}

function firstReplaced(pattern: string, variables: Variables): string[] {
  for (const [whole, name] of pattern.matchAll(VARIABLE)) {
    const values = variables.get(name!);
    if (values !== undefined) return values.map((value) => pattern.replace(whole, () => value));
  }
  return [pattern];
}
