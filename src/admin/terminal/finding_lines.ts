import { printable } from "../../text/printable.ts";
import type { Finding } from "../../server_setup/doctor/finding.ts";
import { FINDINGS, type Level } from "../../server_setup/doctor/finding_ids.ts";
import { type Screen, type Tone, toned, wrapped } from "./screen.ts";

const TONES: Record<Level, Tone> = { ok: "good", warning: "doubtful", problem: "bad" };

const LEVEL_WIDTH = "problem".length;
const ID_WIDTH = Math.max(...Object.keys(FINDINGS).map((id) => id.length));

/** A finding for people: what was found, then why it matters, what to do, and where. */
export function findingLines(
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
