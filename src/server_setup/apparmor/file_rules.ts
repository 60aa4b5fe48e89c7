import { matchesPath, onlyPathOf } from "./path_pattern.ts";

/** A rule about files, as a profile has it. */
export interface FileRule {
  /** Without quotes. */
  pattern: string;
  /** Such as `rw` or `rPUx`. */
  permissions: string;
  isDenied: boolean;
  /** Counted from 1. */
  line: number;
}

const PREFIX = "(?:(?:priority=[+-]?\\d+|audit|quiet|allow|owner|file|(deny))\\s+)*";
const PATH = '("(?:[^"\\\\]|\\\\.)+"|[/@{](?:[^\\s"]*[^\\s",])?)';
const PERMISSIONS = "([rwamlkixpPuUcC]+)";

/** Both orders are in use: the path first, and the permissions first. */
const RULE = new RegExp(
  `^\\s*${PREFIX}(?:${PATH}\\s+${PERMISSIONS}|${PERMISSIONS}\\s+${PATH})\\s*(?:->[^,]*)?,`,
);

/**
 * The rules about files in a text of AppArmor's (apparmor.d(5)), which begin a line each, as
 * everybody writes them. Rules of any other kind are passed over.
 */
export function fileRulesIn(text: string): FileRule[] {
  return text.split("\n").flatMap((raw, i) => {
    const [found, deny, path1, permissions1, permissions2, path2] = raw.match(RULE) ?? [];
    if (found === undefined) return [];
    const word = (path1 ?? path2)!;
    return {
      pattern: word.startsWith('"') ? word.slice(1, -1) : word,
      permissions: (permissions1 ?? permissions2)!,
      isDenied: deny !== undefined,
      line: i + 1,
    };
  });
}

/** The files that a text includes, by their paths below AppArmor's directory. */
export function includesIn(text: string): string[] {
  const lines = text.matchAll(/^\s*#?include\s+(?:if\s+exists\s+)?["<]([^">]+)[">]/gm);
  return Array.from(lines, ([, name]) => name!.replace(/^\/etc\/apparmor\.d\//, ""));
}

/** Says whether rules let a program read and write a file. */
export function maySave(rules: readonly FileRule[], path: string): boolean {
  return ["r", "w"].every((right) => {
    const about = rules.filter(({ pattern, permissions }) =>
      permissions.includes(right) && matchesPath(pattern, path)
    );
    return about.length > 0 && !about.some(({ isDenied }) => isDenied);
  });
}

/**
 * What happens to a program that is executed: it leaves OpenVPN's profile, for one of its own or
 * none; it stays in it; or it is not executed.
 */
export type Execution = "leaves" | "stays" | "denied";

/** What rules say about executing a program. A rule for its path alone comes before patterns. */
export function executionOf(rules: readonly FileRule[], path: string): Execution {
  const about = rules.filter(({ pattern, permissions }) =>
    permissions.includes("x") && matchesPath(pattern, path)
  );
  const exact = about.filter(({ pattern }) => onlyPathOf(pattern) === path);
  const counting = exact.length > 0 ? exact : about;
  if (counting.length === 0 || about.some(({ isDenied }) => isDenied)) return "denied";
  return counting.every(leaves) ? "leaves" : "stays";
}

/** `Px`, `Ux` and `PUx`, also without scrubbing; `Pix` and `C…` may stay with OpenVPN's rules. */
export function leaves({ permissions }: FileRule): boolean {
  return /[pPuU]+x/.test(permissions) && !/[icC]/.test(permissions);
}
