import { printable } from "../../core/printable.ts";
import type { Paint } from "../colours.ts";
import { type Finding, FINDINGS, type Level } from "./finding.ts";

const COLOURS = {
  ok: "green",
  warning: "yellow",
  problem: "red",
} as const satisfies Record<Level, Parameters<Paint>[0]>;

const LEVEL_WIDTH = "problem".length;
const ID_WIDTH = Math.max(...Object.keys(FINDINGS).map((id) => id.length));

/** The findings for people: each on a line, and below it what to do. */
export function reportText(findings: readonly Finding[], paint: Paint): string {
  const lines = findings.flatMap((finding) => reportLines(finding, paint));
  return [...lines, "", summary(findings), ""].join("\n");
}

/** How many findings have a level. */
export function countOf(findings: readonly Finding[], level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

function reportLines(
  { id, level, what, why, line, command, at }: Finding,
  paint: Paint,
): string[] {
  const indent = " ".repeat(LEVEL_WIDTH + ID_WIDTH + 4);
  const painted = paint(COLOURS[level], level.padEnd(LEVEL_WIDTH));
  const more = [
    why,
    line === null ? null : `put: ${line}`,
    command === null ? null : `run: ${command}`,
    at === null ? null : `at:  ${at}`,
  ].filter((text) => text !== null);
  return [
    `${painted}  ${id.padEnd(ID_WIDTH)}  ${printable(what)}`,
    ...more.map((text) => indent + printable(text)),
  ];
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => {
    const number = countOf(findings, level);
    return `${number} ${level}${number === 1 ? "" : "s"}`;
  };
  return `${count("problem")}, ${count("warning")}.`;
}
