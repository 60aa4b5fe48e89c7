import { Failure } from "../../core/failure.ts";
import { hasControl, quoted } from "../../text/printable.ts";

/** Characters that mean something in a rule's path (apparmor.d(5), "Globbing (AARE)"). */
const SPECIAL = /["*?[\]{}^\\@]/g;

/** A path that needs neither quotes nor escapes. */
const PLAIN = /^[A-Za-z0-9._/+*-]+$/;

/** What the parser's own variables stand for, of those that paths of ours may begin with. */
const VARIABLES = new Map([
  ["run", "(?:/var)?/run"],
  ["tmp", "(?:/var)?/tmp"],
]);

/**
 * The pattern that stands for one path, whatever characters are in it.
 *
 * @throws Failure `config_error` if no rule can name the path
 */
export function patternOf(path: string): string {
  // The parser takes a backslash before the closing quote for an escaped quote, whatever precedes
  // it.
  const isNameable = path.startsWith("/") && !hasControl(path) && !path.endsWith("\\");
  if (isNameable) return path.replace(SPECIAL, "\\$&");
  throw new Failure(
    "config_error",
    `no rule of AppArmor's can name the path ${quoted(path)}: choose another one`,
  );
}

/** A pattern as a rule has it: in quotes, unless it needs none. */
export function ruleWord(pattern: string): string {
  return PLAIN.test(pattern) ? pattern : `"${pattern}"`;
}

/** Says whether a pattern stands for one path alone, and for which; null if for several. */
export function onlyPathOf(pattern: string): string | null {
  return /(?<!\\)(?:\\\\)*(?:[*?[{]|@\{)/.test(pattern) ? null : pattern.replace(/\\(.)/g, "$1");
}

/**
 * Says whether a pattern stands for a path. A variable that is not known stands for nothing.
 */
export function matchesPath(pattern: string, path: string): boolean {
  try {
    return new RegExp(`^${expressionOf(pattern)}$`, "su").test(path);
  } catch {
    // Neither would the parser understand it.
    return false;
  }
}

/** The parts of a pattern: a variable, an escape, a class, a star or two, any other character. */
const PART = /@\{(\w+)\}|\\(.)|(\[[^\]]*\])|(\*\*?)|(.)/gsu;

function expressionOf(pattern: string): string {
  let depth = 0;
  return Array.from(pattern.matchAll(PART), ([, variable, escape, set, star, other]) => {
    if (variable !== undefined) return VARIABLES.get(variable) ?? NOTHING;
    if (star !== undefined) return star === "*" ? "[^/]*" : ".*";
    if (set !== undefined) return set.replaceAll("\\", "\\\\");
    if (other === "?") return "[^/]";
    if (other === "{") depth++;
    else if (other === "}") depth--;
    else if (other !== "," || depth === 0) return RegExp.escape(escape ?? other!);
    return { "{": "(?:", ",": "|", "}": ")" }[other];
  }).join("");
}

/** No text has it. */
const NOTHING = "(?!)";
