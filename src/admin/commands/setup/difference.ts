import { counted } from "../../../text/counted.ts";
import { decodeLatin1, encodeLatin1 } from "../../../text/latin1.ts";
import { printable } from "../../../text/printable.ts";
import type { Config } from "../../../server_setup/openvpn_config/directive.ts";
import { type Screen, toned } from "../../terminal/screen.ts";
import type { FileChange } from "../../../server_setup/setup/file_change.ts";
import { type EditedLine, linesOf } from "../../../server_setup/setup/lines.ts";

/** How many lines around a change are shown. */
const AROUND = 3;

/** What is shown for a line of an inline block, which may be a private key. */
const HIDDEN = "[not shown]";

/** A line of the difference: its sign and its text. */
interface Shown {
  sign: " " | "-" | "+";
  text: string;
}

/** Says whether a line changes; an added line end at the end of the file isn't a change. */
function isChanged({ old, new: next }: EditedLine): boolean {
  return old === null || next === null || trimmed(old) !== trimmed(next);
}

/** Says whether any line changes. */
export function hasChanges(lines: readonly EditedLine[]): boolean {
  return lines.some((line) => isChanged(line));
}

/** The difference for people, much as `diff -u` shows it, without the contents of inline blocks. */
export function differenceText(
  path: string,
  lines: readonly EditedLine[],
  config: Config,
  screen: Screen,
): string {
  const hidden = hiddenLines(path, config);
  const isNear = (i: number) =>
    lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(isChanged);
  const out = [
    toned(screen, "heading", `--- ${printable(path)}`),
    toned(screen, "heading", `+++ ${printable(path)}`),
  ];
  // Added lines have no number: what is hidden is known by the old lines' numbers.
  let number = 1;
  for (const [i, line] of lines.entries()) {
    const at = number;
    if (line.old !== null) number++;
    if (!isNear(i)) continue;
    if (i === 0 || !isNear(i - 1)) {
      out.push(toned(screen, "quiet", `@@ line ${at} @@`));
    }
    out.push(
      ...shown(line, hidden.has(at)).map(({ sign, text }) =>
        sign === " " ? ` ${text}` : toned(screen, sign === "+" ? "good" : "bad", sign + text)
      ),
    );
  }
  return `${out.join("\n")}\n`;
}

/**
 * What becomes of one of the service's files: the difference where one is there, otherwise its name
 * and, for settings, its text.
 */
export function fileText(change: FileChange, screen: Screen): string {
  const { path, content, original } = change;
  if (original !== null) return changeText(change, screen);
  const count = linesOf(decodeLatin1(content)).length;
  return `Creates ${printable(path)} (${counted(count, "line")})\n`;
}

/** The difference that a change makes to a file, which may be a new one. */
export function changeText({ path, content, original }: FileChange, screen: Screen): string {
  const old = original === null ? "" : decodeLatin1(original.content);
  const lines = lineDifference(linesOf(old), linesOf(decodeLatin1(content)));
  return differenceText(path, lines, NO_CONFIG, screen);
}

/** Lines that only the beginnings and the ends of two texts share: enough for what setup changes. */
function lineDifference(old: readonly string[], next: readonly string[]): EditedLine[] {
  let start = 0;
  while (start < old.length && old[start] === next[start]) start++;
  let end = 0;
  const most = Math.min(old.length, next.length) - start;
  while (end < most && old.at(-1 - end) === next.at(-1 - end)) end++;
  const same = (line: string): EditedLine => ({ old: line, new: line });
  return [
    ...old.slice(0, start).map(same),
    ...old.slice(start, old.length - end).map((line) => ({ old: line, new: null })),
    ...next.slice(start, next.length - end).map((line) => ({ old: null, new: line })),
    ...old.slice(old.length - end).map(same),
  ];
}

/** Such a file has no inline blocks. */
const NO_CONFIG: Config = { directives: [], files: [], directory: "/", error: null };

function shown(line: EditedLine, isHidden: boolean): Shown[] {
  const { old, new: next } = line;
  if (!isChanged(line)) {
    return [{ sign: " ", text: isHidden ? HIDDEN : readable(old!) }];
  }
  return [
    ...old === null ? [] : [{ sign: "-", text: readable(old) } as const],
    ...next === null ? [] : [{ sign: "+", text: readable(next) } as const],
  ];
}

function hiddenLines(path: string, config: Config): Set<number> {
  return new Set(
    config.directives.filter((one) => one.isInline && one.file === path)
      .flatMap(({ line, lastLine }) =>
        Array.from({ length: lastLine - line - 1 }, (_, i) => line + 1 + i)
      ),
  );
}

function readable(line: string): string {
  return printable(new TextDecoder().decode(encodeLatin1(trimmed(line))));
}

function trimmed(line: string): string {
  return line.replace(/\r?\n$/, "");
}
