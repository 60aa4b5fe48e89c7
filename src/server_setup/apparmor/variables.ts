import { PatternBound, tooMuch } from "./pattern_bound.ts";

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
    for (const value of values) if (value !== undefined) known.push(value);
    variables.set(name!, known);
  }
  return variables;
}

const VARIABLE = /(?<!\\)@\{(\w+)\}/g;

/** The most variables that are replaced in a pattern, one in the other's value included. */
const MOST_VARIABLES = 30;

/**
 * The patterns that one with variables stands for. An unknown variable stays as it is. Slashes that
 * come together count as one, as for the parser.
 *
 * @param bound counts the patterns
 * @throws Failure `config_error` if they are too many, or if a variable's value has no end
 */
export function expansionsOf(
  pattern: string,
  variables: Variables,
  bound = new PatternBound(),
): string[] {
  bound.add(pattern);
  let patterns = [pattern];
  for (let i = 0; patterns.some((one) => firstKnown(one, variables) !== undefined); i++) {
    if (i === MOST_VARIABLES) throw tooMuch("variables within each other than openvpn-totp reads");
    patterns = patterns.flatMap((one) => [...firstReplaced(one, variables, bound)]);
  }
  return patterns.map((one) => one.replace(/\/{2,}/g, "/"));
}

function* firstReplaced(
  pattern: string,
  variables: Variables,
  bound: PatternBound,
): Generator<string> {
  const known = firstKnown(pattern, variables);
  if (known === undefined) yield pattern;
  for (const value of known?.values ?? []) {
    const replaced = pattern.replace(known!.whole, () => value);
    bound.add(replaced);
    yield replaced;
  }
}

function firstKnown(pattern: string, variables: Variables) {
  for (const [whole, name] of pattern.matchAll(VARIABLE)) {
    const values = variables.get(name!);
    if (values !== undefined) return { whole, values };
  }
}
