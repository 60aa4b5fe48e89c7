import type { EpochMs } from "../../core/epoch.ts";
import { printable, UNPRINTABLE } from "../../text/printable.ts";
import { PLAIN, type Screen, type Tone, toned } from "./screen.ts";

export { table } from "./table.ts";

/**
 * A moment for people and programs, to the second: `2026-01-31T12:00:00Z` (RFC 3339).
 */
export function instant(at: EpochMs): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}

/** {@link instant}, or null for null. */
export function instantOrNull(at: EpochMs | null): string | null {
  return at === null ? null : instant(at);
}

/** {@link instant}, or `never` for null. */
export function instantOrNever(at: EpochMs | null): string {
  return at === null ? "never" : instant(at);
}

/**
 * A value as JSON, with a line end. Characters that can act on a terminal are escaped, as JSON
 * allows.
 */
export function json(value: unknown): string {
  return harmless(JSON.stringify(value, null, 2));
}

/** An array as {@link json} has it, written value by value, as there may be many. */
export class JsonArray {
  #isEmpty = true;

  /** The next value, with all that comes before it. */
  next(value: unknown): string {
    const begin = this.#isEmpty ? "[" : ",";
    this.#isEmpty = false;
    // json() ends the line, which here goes on.
    return `${begin}\n  ${json(value).trimEnd().replaceAll("\n", "\n  ")}`;
  }

  /** What comes after all values. */
  end(): string {
    return this.#isEmpty ? "[]\n" : "\n]\n";
  }
}

/** {@link json} on one line. */
export function jsonLine(value: unknown): string {
  return harmless(JSON.stringify(value));
}

function harmless(text: string): string {
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

/** A name with a value, and what the value means. */
export type Pair = readonly [name: string, value: string, tone?: Tone];

/** Lays out names and values, one pair per line. */
export function pairs(entries: readonly Pair[], screen: Screen = PLAIN): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value, tone]) =>
    `${`${name}:`.padEnd(width + 1)}  ${toned(screen, tone, printable(value))}\n`
  ).join("");
}
