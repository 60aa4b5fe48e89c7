import { isExact, matchesPath } from "./path_pattern.ts";
import { type Level, type Statement, statementsIn } from "./statements.ts";

/** A rule about files, as a profile has it. */
export interface FileRule {
  /** Without quotes. */
  pattern: string;
  /** Such as `rw` or `rPUx`. */
  permissions: string;
  /** The profile for which a program leaves; empty if none is named. */
  target: string;
  isDenied: boolean;
  /** Whose files it is for; null for anybody's. */
  user: "owner" | "other" | null;
  /** Whether a program's environment is cleaned; null where the permissions' letters say it. */
  scrub: "safe" | "unsafe" | null;
  /** The greater, the more it counts; 0 if none is given. */
  priority: number;
  /** Counted from 1. */
  line: number;
}

const PREFIX = /^(?:priority=[+-]?\d+|audit|quiet|allow|owner|other|file|deny|safe|unsafe)$/;
const PATH = /^"?[/@{]/;

/** The parser takes most letters in either case. */
const PERMISSIONS = /^[rRwWalLmMkxXiIpPuUcC]{1,1000}$/;

/** The rules about files in a text of AppArmor's; those of any other kind are passed over. */
export function fileRulesIn(text: string, level: Level = 0): FileRule[] {
  return statementsIn(text, level).statements.flatMap((statement) => ruleOf(statement) ?? []);
}

/** Both orders are in use: the path first, and the permissions first. */
function ruleOf({ words, line }: Statement): FileRule | null {
  const start = words.findIndex((word) => !PREFIX.test(word));
  const prefixes = words.slice(0, start);
  const [one = "", two = "", arrow, target = ""] = words.slice(start);
  const [path, permissions] = PATH.test(one) ? [one, two] : [two, one];
  const isRule = PATH.test(path) && PERMISSIONS.test(permissions) && (arrow ?? "->") === "->";
  if (!isRule) return null;
  const among = <P extends string>(...words: P[]) =>
    words.find((word) => prefixes.includes(word)) ?? null;
  const priority = prefixes.find((word) => word.startsWith("priority="));
  return {
    pattern: path.startsWith('"') ? path.slice(1, -1) : path,
    permissions,
    target,
    isDenied: prefixes.includes("deny"),
    user: among("owner", "other"),
    scrub: among("safe", "unsafe"),
    priority: Number(priority?.slice("priority=".length) ?? 0),
    line,
  };
}

/** The rules that say whether a file may be used in a way: `r`, `w` or `x`. */
export function rulesAbout<R extends FileRule>(
  rules: readonly R[],
  right: string,
  path: string,
): R[] {
  const about = rules.filter(({ pattern, permissions }) =>
    permissions.toLowerCase().includes(right) && matchesPath(pattern, path)
  );
  const highest = about.reduce((most, { priority }) => Math.max(most, priority), -Infinity);
  return about.filter(({ priority }) => priority === highest);
}

/** Says whether rules let a program read and write a file. */
export function maySave(rules: readonly FileRule[], path: string): boolean {
  return ["r", "w"].every((right) => {
    const about = rulesAbout(rules, right, path);
    return about.some(isForOwner) && !about.some(({ isDenied }) => isDenied);
  });
}

/** A rule that forbids a use of a file, whatever others say; undefined if there is none. */
export function denialOf<R extends FileRule>(
  rules: readonly R[],
  rights: readonly string[],
  path: string,
): R | undefined {
  return rights.flatMap((right) => rulesAbout(rules, right, path)).find(({ isDenied }) => isDenied);
}

/**
 * What happens to a program that is executed: it leaves OpenVPN's profile, for one of its own or
 * none, or only for one of its own (`needs-profile`), without which it is not executed; it stays in
 * it; or it is not executed. Or rules are at odds, so that the parser does not take the profile at
 * all.
 */
export type Execution = "leaves" | "needs-profile" | "stays" | "denied" | "conflict";

/** What rules say about executing a program. A rule for its path alone comes before patterns. */
export function executionOf(rules: readonly FileRule[], path: string): Execution {
  const about = rulesAbout(rules, "x", path);
  const allowed = about.filter(({ isDenied }) => !isDenied);
  const { exact = [], others = [] } = Object.groupBy(
    allowed,
    ({ pattern }) => isExact(pattern) ? "exact" : "others",
  );
  if (areAtOdds(exact) || areAtOdds(others)) return "conflict";
  const counting = exact.find(isForOwner) ?? others.find(isForOwner);
  if (counting === undefined || about.length > allowed.length) return "denied";
  return wayOf(counting);
}

/** A rule for others' files lets OpenVPN use none of its own, and none of root's. */
function isForOwner({ user }: FileRule): boolean {
  return user !== "other";
}

/** The rules about executing a program that the parser takes no other one beside, or that forbid it. */
export function decisiveFor<R extends FileRule>(rules: readonly R[], path: string): R[] {
  return rulesAbout(rules, "x", path)
    .filter((rule) => rule.isDenied || isExact(rule.pattern) && isForOwner(rule));
}

/** "conflicting x modifiers", says the parser, of owners' files or of others'. */
function areAtOdds(rules: readonly FileRule[]): boolean {
  return ["owner", "other"].some((unlike) => {
    const ways = rules.filter(({ user }) => user !== unlike)
      .map((rule) => `${lettersOf(rule).toLowerCase()} ${isScrubbed(rule)} ${rule.target}`);
    return new Set(ways).size > 1;
  });
}

/** The letters that say how a program is executed: `ix`, `PUx`… */
function lettersOf({ permissions }: FileRule): string {
  return permissions.match(/[pcui]*x/i)![0];
}

/** Without a word for it, a small first letter means that the environment stays as it is. */
function isScrubbed(rule: FileRule): boolean {
  return rule.scrub === null ? !/^[pcu]/.test(lettersOf(rule)) : rule.scrub === "safe";
}

/**
 * What a rule does with a program (apparmor.d(5), "Access Modes"), also without scrubbing: `Ux` and
 * `PUx` let it leave, `Px` needs a profile; `Pix` and `C…` may stay with OpenVPN's rules.
 */
function wayOf(rule: FileRule): Execution {
  const letters = lettersOf(rule).toLowerCase();
  if (/[ic]/.test(letters) || letters === "x") return "stays";
  return letters.includes("u") ? "leaves" : "needs-profile";
}
