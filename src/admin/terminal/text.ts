import { printable, UNPRINTABLE } from "../../text/printable.ts";
import { PLAIN, type Screen, type Tone, toned } from "./screen.ts";

export { table } from "./table.ts";

/**
 * A moment as people and programs read it, to the second: `2026-01-31T12:00:00Z` (RFC 3339).
 *
 * @param ms milliseconds since 1970-01-01T00:00:00Z
 */
export function instant(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** {@link instant}, or null for null. */
export function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : instant(ms);
}

/** {@link instant}, or `never` for null. */
export function instantOrNever(ms: number | null): string {
  return ms === null ? "never" : instant(ms);
}

/**
 * A value as JSON, with a line end. Characters that can act on a terminal are escaped, which JSON
 * leaves open.
 */
export function json(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const escaped = text.replace(
    UNPRINTABLE,
    (character) => character === "\n" ? character : escapedUnits(character),
  );
  return `${escaped}\n`;
}

function escapedUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Lays out names and values, a line each. */
export function pairs(
  entries: readonly (readonly [name: string, value: string, tone?: Tone])[],
  screen: Screen = PLAIN,
): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value, tone]) =>
    `${`${name}:`.padEnd(width + 1)}  ${toned(screen, tone, printable(value))}\n`
  ).join("");
}
