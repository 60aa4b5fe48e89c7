import { type FileRule, fileRulesIn, includesIn } from "./file_rules.ts";
import { matchesPath } from "./path_pattern.ts";

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
    "(?:[ \\t]+(?:xattrs|flags)[ \\t]*=[ \\t]*\\([^)]*\\))*[ \\t]*\\{[ \\t]*(?:#.*)?\\r?$",
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

/** Says whether a profile confines a program. */
export function confines({ attachment }: ProfileText, program: string): boolean {
  return attachment !== null && matchesPath(attachment, program);
}

/** The deepest that includes include others, and the largest number of files. */
const MOST = { depth: 5, files: 100 };

/**
 * The rules of a text and of what it includes.
 *
 * @param read gives the text of an include, by its path below AppArmor's directory; null for none
 */
export function allRulesIn(text: string, read: (name: string) => string | null): FileRule[] {
  const seen = new Set<string>();
  const rulesOf = (part: string, depth: number): FileRule[] => [
    ...fileRulesIn(part),
    ...depth === MOST.depth ? [] : includesIn(part).flatMap((name) => {
      if (seen.has(name) || seen.size === MOST.files) return [];
      seen.add(name);
      const next = read(name);
      return next === null ? [] : rulesOf(next, depth + 1);
    }),
  ];
  return rulesOf(text, 0);
}
