import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import { type Screen, type Tone, toned, wrapped } from "../../terminal/screen.ts";
import { type Finding, FINDINGS, type Level } from "../../../server_setup/doctor/finding.ts";

const TONES: Record<Level, Tone> = { ok: "good", warning: "doubtful", problem: "bad" };

const LEVEL_WIDTH = "problem".length;
const ID_WIDTH = Math.max(...Object.keys(FINDINGS).map((id) => id.length));

/** The findings for people: one per line, followed by what to do. */
export function reportText(findings: readonly Finding[], screen: Screen): string {
  const lines = findings.flatMap((finding) => reportLines(finding, screen));
  return [...lines, "", summary(findings), ""].join("\n");
}

/** How many findings are of a level. */
export function countOf(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

function reportLines(
  { id, level, what, why, line, command, at }: Finding,
  screen: Screen,
): string[] {
  const indent = LEVEL_WIDTH + ID_WIDTH + 4;
  const told = (text: string) => wrapped(screen, indent, printable(text));
  const [first, ...rest] = [
    ...told(what),
    ...why === null ? [] : told(why),
    // These stay whole, since people copy them.
    ...line === null ? [] : [`put: ${printable(line)}`],
    ...command === null ? [] : [`run: ${printable(command)}`],
    ...at === null ? [] : [`at:  ${printable(at)}`],
  ];
  const shown = toned(screen, TONES[level], level.padEnd(LEVEL_WIDTH));
  return [
    `${shown}  ${id.padEnd(ID_WIDTH)}  ${first}`,
    ...rest.map((text) => " ".repeat(indent) + text),
  ];
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => counted(countOf(findings, level), level);
  return `${count("problem")}, ${count("warning")}.`;
}
