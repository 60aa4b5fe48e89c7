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

/** Numbers of characters of a path that lie in front of a place in the pattern. */
type Places = ReadonlySet<number>;

/**
 * Says whether a pattern stands for a path, in time that grows with the one's length times the
 * other's. A variable in it stands for nothing, nor does one that the parser would not understand.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const characters = Array.from(path);
  const open: { before: Places; behind: Places }[] = [];
  let places: Places = new Set([0]);
  for (const [part, ...groups] of pattern.matchAll(PART)) {
    if (places.size === 0 && open.length === 0) return false;
    const innermost = open.at(-1);
    if (part === "}" && innermost === undefined) return false;
    if (part === "{") open.push({ before: places, behind: new Set() });
    else if (innermost !== undefined && (part === "," || part === "}")) {
      innermost.behind = innermost.behind.union(places);
      places = part === "}" ? open.pop()!.behind : innermost.before;
    } else places = behindPart(part, groups, { places, characters });
  }
  return open.length === 0 && places.has(characters.length);
}

/**
 * The parts of a pattern: a variable, a character by its number (hexadecimal, decimal, octal), an
 * escape, a class, stars, any other character.
 */
const PART =
  /(@\{\w+\})|\\(?:x([\da-f]{2})|d(\d{3})|([0-3][0-7]{2})|(.))|(\[[^\]]*\]?)|(\*+)|(.)/gisu;

/** Where one may be in a path behind a part of a pattern. */
function behindPart(
  part: string,
  [, hex, decimal, octal, escape, set, star]: readonly (string | undefined)[],
  { places, characters }: { places: Places; characters: readonly string[] },
): Places {
  if (star !== undefined) return stretched(places, characters, star === "*" ? "/" : "");
  const code = parseInt(hex ?? decimal ?? octal ?? "", hex ? 16 : decimal ? 10 : 8);
  const character = Number.isNaN(code) ? escape ?? part : String.fromCharCode(code);
  const isOne = set !== undefined
    ? classOf(set)
    : part === "?"
    ? (one: string) => one !== "/"
    : (one: string) => one === character;
  const taken = [...places].filter((at) => at < characters.length && isOne(characters[at]!));
  return new Set(taken.map((at) => at + 1));
}

/** Each place, and all behind it up to the next one with a character. */
function stretched(places: Places, characters: readonly string[], end: string): Places {
  const found = new Set<number>();
  for (const place of places) {
    for (let at = place; at <= characters.length && !found.has(at); at++) {
      found.add(at);
      if (characters[at] === end) break;
    }
  }
  return found;
}

function classOf(set: string): (character: string) => boolean {
  try {
    const expression = new RegExp(`^${set.replaceAll("\\", "\\\\")}$`, "su");
    return (character) => expression.test(character);
  } catch {
    return () => false;
  }
}
