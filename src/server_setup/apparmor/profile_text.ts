import { type FileRule, fileRulesIn } from "./file_rules.ts";
import { APPARMOR_DIRECTORY, isForOpenvpn } from "./names.ts";
import { matchesPath } from "./path_pattern.ts";
import { PatternBound, tooMuch } from "./pattern_bound.ts";
import { type Level, statementsIn } from "./statements.ts";
import { expansionsOf, type Variables, variablesIn } from "./variables.ts";

/** What a profile's text says of itself. */
export interface ProfileText {
  /** The name by which the kernel lists it. */
  name: string;
  /** The program that it confines, as a pattern; null for none. */
  attachment: string | null;
}

const WORD = '("[^"]+"|[^\\s"{][^\\s"]*|\\{[^\\s"]+)';
const HEADER = new RegExp(
  `^[ \\t]*(?:profile[ \\t]+${WORD}(?:[ \\t]+${WORD})?|(?=["/@{])${WORD})` +
    "(?:[ \\t]+(?:xattrs|flags)[ \\t]*=[ \\t]*\\([^)\\n]*\\))*" +
    "[ \\t]*(?:\\r?\\n[ \\t]*)?\\{[ \\t]*(?:#.*)?\\r?$",
  "gm",
);

/** Reads the first profile of a text; null if there is none. */
export function profileIn(text: string): ProfileText | null {
  const [header] = text.matchAll(HEADER);
  return header === undefined ? null : profileOf(header);
}

/**
 * A text without the profiles in front of OpenVPN's, if it has one and its name or what it confines
 * shows that. Lines keep their numbers.
 */
export function fromOpenvpns(text: string): string {
  const headers = [...text.matchAll(HEADER)];
  const wanted = headers.find((header) => {
    const { name, attachment } = profileOf(header);
    return isForOpenvpn(name) || attachment !== null && isForOpenvpn(attachment);
  });
  const [start, end] = [headers[0]?.index, wanted?.index];
  if (end === undefined) return text;
  return text.slice(0, start) + text.slice(start, end).replace(/.+/g, "") + text.slice(end);
}

function profileOf([, name, attachment, path]: RegExpExecArray): ProfileText {
  const bare = (word: string) => word.replace(/^"(.*)"$/, "$1");
  if (path !== undefined) return { name: bare(path), attachment: bare(path) };
  const isPath = /^[/@{]/.test(bare(name!));
  return {
    name: bare(name!),
    attachment: attachment !== undefined && /^"?[/@{]/.test(attachment)
      ? bare(attachment)
      : isPath
      ? bare(name!)
      : null,
  };
}

/**
 * Says whether a profile confines a program; null if its text does not tell, since it names none, or
 * names it by an unknown variable.
 *
 * @param attachments the patterns of what it confines, without known variables
 */
export function confines(attachments: readonly string[], program: string): boolean | null {
  if (attachments.some((pattern) => matchesPath(pattern, program))) return true;
  return attachments.length === 0 || attachments.some((one) => one.includes("@{")) ? null : false;
}

/** A text of AppArmor's, and the path of its file. */
export interface RuleText {
  file: string;
  text: string;
}

/** A rule, and where it stands. */
export interface FoundRule extends FileRule {
  file: string;
}

/** A text, and what of it counts. */
type Part = RuleText & { level: Level };

/** Gives the texts at a path that is included; none if nothing is there. */
type ReadTexts = (path: string) => readonly RuleText[];

/** More than any profile has: includes within each other, includes, characters of all texts. */
const MOST = { depth: 8, includes: 200, characters: 4_000_000 };

/**
 * The rules of texts and of what they include, without known variables; and the variables.
 *
 * @throws Failure `config_error` if they are more than any profile has
 */
export function allRulesIn(
  texts: readonly Part[],
  read: ReadTexts,
): { rules: FoundRule[]; variables: Variables } {
  const seen = { paths: new Set(texts.map(({ file }) => file)), characters: 0 };
  const parts = texts.flatMap((part) => withIncludes(part, read, seen));
  const variables = variablesIn(parts.map(({ text }) => text));
  const bound = new PatternBound();
  const rules = parts.flatMap(({ file, text, level }) =>
    fileRulesIn(text, level).flatMap((rule) =>
      expansionsOf(rule.pattern, variables, bound).map((pattern) => ({ ...rule, pattern, file }))
    )
  );
  return { rules, variables };
}

/** What has been read. */
interface Seen {
  paths: Set<string>;
  characters: number;
}

function withIncludes(part: Part, read: ReadTexts, seen: Seen, depth = 0): Part[] {
  seen.characters += part.text.length;
  if (seen.characters > MOST.characters) throw tooMuch("text than openvpn-totp reads");
  const included = includesIn(part).flatMap((path) => {
    if (seen.paths.has(path)) return [];
    seen.paths.add(path);
    const isFull = seen.paths.size > MOST.includes || depth === MOST.depth;
    if (isFull) throw tooMuch("includes than openvpn-totp reads");
    return read(path).flatMap((next) => withIncludes({ ...next, level: 0 }, read, seen, depth + 1));
  });
  return [part, ...included];
}

/** The paths of what a text includes. */
export function includesIn({ text, level }: Pick<Part, "text" | "level">): string[] {
  return statementsIn(text, level).includes
    .map((name) => name.startsWith("/") ? name : `${APPARMOR_DIRECTORY}/${name}`);
}
