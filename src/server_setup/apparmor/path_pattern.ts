import { Failure } from "../../core/failure.ts";
import { hasControl, quoted } from "../../text/printable.ts";

/** Characters that mean something in a rule's path (apparmor.d(5), "Globbing (AARE)"). */
const SPECIAL = /["*?[\]{}^\\@]/g;

/** A path that needs neither quotes nor escapes. */
const PLAIN = /^[A-Za-z0-9._/+*-]+$/;

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
    `no AppArmor rule can name the path ${quoted(path)}: choose another one`,
  );
}

/** A pattern as a rule has it: in quotes, unless it needs none. */
export function ruleWord(pattern: string): string {
  return PLAIN.test(pattern) ? pattern : `"${pattern}"`;
}

/** Something that stands for whatever is there: a star, a question mark or a class. */
const GLOB = /^[^\\*?[]*(?:\\.[^\\*?[]*)*[*?[]/s;

/**
 * Says whether the parser counts a pattern as the exact path of each file that it stands for. It
 * does so with alternations, too.
 */
export function isExact(pattern: string): boolean {
  return !GLOB.test(pattern);
}

/** Says whether a pattern stands for a path. A variable in it stands for nothing. */
export function matchesPath(pattern: string, path: string): boolean {
  try {
    return new RegExp(`^${expressionOf(pattern)}$`, "su").test(path);
  } catch {
    // Neither would the parser understand it.
    return false;
  }
}

/**
 * The parts of a pattern: a variable, a character by its number (hexadecimal, decimal, octal), an
 * escape, a class, a star or two, any other character.
 */
const PART =
  /(@\{\w+\})|\\(?:x([\da-f]{2})|d(\d{3})|([0-3][0-7]{2})|(.))|(\[[^\]]*\])|(\*\*?)|(.)/gisu;

function expressionOf(pattern: string): string {
  let depth = 0;
  return Array.from(pattern.matchAll(PART), ([, variable, hex, decimal, octal, ...rest]) => {
    const [escape, set, star, other] = rest;
    if (variable !== undefined) return NOTHING;
    if (star !== undefined) return star === "*" ? "[^/]*" : ".*";
    if (set !== undefined) return set.replaceAll("\\", "\\\\");
    const code = parseInt(hex ?? decimal ?? octal ?? "", hex ? 16 : decimal ? 10 : 8);
    if (!Number.isNaN(code)) return RegExp.escape(String.fromCharCode(code));
    if (other === "?") return "[^/]";
    if (other === "{") depth++;
    else if (other === "}") depth--;
    else if (other !== "," || depth === 0) return RegExp.escape(escape ?? other!);
    return { "{": "(?:", ",": "|", "}": ")" }[other];
  }).join("");
}

/** No text has it. */
const NOTHING = "(?!)";
