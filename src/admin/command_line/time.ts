import type { EpochMs } from "../../core/epoch.ts";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";

/** Units of time spans, in milliseconds. */
const UNITS: Record<string, number> = {
  s: 1000,
  m: 60 * 1000,
  h: 60 * 60 * 1000,
  d: 24 * 60 * 60 * 1000,
  w: 7 * 24 * 60 * 60 * 1000,
};

/** A date, or a moment in UTC or at an offset (RFC 3339; seconds may be left out). */
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;

/**
 * Reads a time span that an option names.
 *
 * @returns milliseconds
 * @throws Failure `usage`
 */
export function readSpan(option: string, text: string): number {
  const span = parseSpan(text);
  if (span !== null) return span;
  throw new Failure(
    "usage",
    `${option} is ${quoted(text)}, expected a time span such as 12h, 90d or 8w`,
  );
}

/**
 * Reads a moment that `--since` names.
 *
 * @throws Failure `usage`
 */
export function readSince(text: string, now: EpochMs): EpochMs {
  const span = parseSpan(text);
  if (span !== null) return now - span;
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new Failure(
    "usage",
    `--since is ${quoted(text)}, expected a time span such as 30m, 2h or 7d, a date such as ` +
      "2026-01-31 or a moment such as 2026-01-31T12:00Z",
  );
}

/**
 * Reads a moment that `--until` names.
 *
 * @throws Failure `usage`
 */
export function readInstant(text: string): EpochMs {
  const instant = parseInstant(text);
  if (instant !== null) return instant;
  throw new Failure(
    "usage",
    `--until is ${quoted(text)}, expected a date such as 2026-01-31 or a moment such as ` +
      "2026-01-31T12:00Z",
  );
}

function parseSpan(text: string): number | null {
  const [, count, unit] = text.match(/^(\d{1,6})([smhdw])$/) ?? [];
  return count === undefined || unit === undefined ? null : Number(count) * UNITS[unit]!;
}

function parseInstant(text: string): EpochMs | null {
  if (!INSTANT.test(text) || !isDay(text.slice(0, 10))) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

/** Date.parse() reads 30 February as a day in March. */
function isDay(date: string): boolean {
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}
