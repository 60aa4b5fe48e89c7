import { type FileRule, fileRulesIn } from "./file_rules.ts";
import { APPARMOR_DIRECTORY } from "./names.ts";
import { matchesPath } from "./path_pattern.ts";
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
  "m",
);

/** Reads the first profile of a text; null if there is none. */
export function profileIn(text: string): ProfileText | null {
  const [found, name, attachment, path] = text.match(HEADER) ?? [];
  if (found === undefined) return null;
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

/** The deepest that includes include others, and the largest number of them. */
const MOST = { depth: 8, includes: 200 };

/** The rules of texts and of what they include, without known variables; and the variables. */
export function allRulesIn(
  texts: readonly Part[],
  read: ReadTexts,
): { rules: FoundRule[]; variables: Variables } {
  const seen = new Set(texts.map(({ file }) => file));
  const parts = texts.flatMap((part) => withIncludes(part, read, seen));
  const variables = variablesIn(parts.map(({ text }) => text));
  const rules = parts.flatMap(({ file, text, level }) =>
    fileRulesIn(text, level).flatMap((rule) =>
      expansionsOf(rule.pattern, variables).map((pattern) => ({ ...rule, pattern, file }))
    )
  );
  return { rules, variables };
}

function withIncludes(part: Part, read: ReadTexts, seen: Set<string>, depth = 0): Part[] {
  const paths = depth === MOST.depth ? [] : includesIn(part);
  const included = paths.flatMap((path) => {
    if (seen.has(path) || seen.size >= MOST.includes) return [];
    seen.add(path);
    return read(path).flatMap((next) => withIncludes({ ...next, level: 0 }, read, seen, depth + 1));
  });
  return [part, ...included];
}

/** The paths of what a text includes. */
export function includesIn({ text, level }: Pick<Part, "text" | "level">): string[] {
  return statementsIn(text, level).includes
    .map((name) => name.startsWith("/") ? name : `${APPARMOR_DIRECTORY}/${name}`);
}
