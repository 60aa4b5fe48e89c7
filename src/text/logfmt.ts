import { quoted } from "./printable.ts";

/** A field of a log line; undefined and null leave the field out. */
export type Field = string | number | undefined | null;

/**
 * One line of logfmt: `name=value` pairs. A value is in double quotes unless it is a plain word.
 * Hostile values can neither end the line nor forge a field: see `quoted`.
 *
 * ```ts
 * logfmt({ user: 'a" outcome=accepted', port: 1194 });
 * // user="a\" outcome=accepted" port=1194
 * ```
 */
export function logfmt(fields: Record<string, Field>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${formatValue(String(value))}`)
    .join(" ");
}

function formatValue(value: string): string {
  const isPlainWord = /^[\w.:/@+-]{1,256}$/.test(value);
  return isPlainWord ? value : quoted(value);
}
