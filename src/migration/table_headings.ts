import { quoted } from "../text/printable.ts";
import { UnreadableSource } from "./reading.ts";

/** What a column of a table holds. */
export type Column = "username" | "secret" | "issuer" | "algorithm" | "digits" | "period";

/** The headings of each column, in lower case; earlier ones go before later ones. */
const HEADINGS: Record<Column, readonly (readonly string[])[]> = {
  // "name" may also be a person's.
  username: [["username"], ["user", "login"], ["name"]],
  secret: [["secret"], ["totp_secret", "otp_secret"]],
  issuer: [["issuer"]],
  algorithm: [["algorithm"]],
  digits: [["digits"]],
  period: [["period"]],
};

/** How many headings an error or a note lists. */
const MAX_LISTED = 10;

/** The shortest secret has ten bytes, which are 16 characters of base32 or base64. */
const SHORTEST_SECRET = 16;

/** Where a table's columns are. */
export interface Columns {
  /** The index of each column that there is. */
  index: ReadonlyMap<Column, number>;
  /** The columns that are not read, as an error or a note lists them; empty if there are none. */
  unread: string;
  /** How many headings there are. */
  count: number;
}

/**
 * Finds the columns of a table by their headings, in any case.
 *
 * @throws UnreadableSource for a table without usernames or secrets, and for a heading that more
 *   than one column has
 */
export function findColumns(headings: readonly string[]): Columns {
  const names = headings.map(plain);
  const found = new Map<Column, number>();
  for (const column of Object.keys(HEADINGS) as Column[]) {
    const index = indexOf(names, column);
    if (index !== null) found.set(column, index);
  }
  if (!found.has("username") || !found.has("secret")) throw missing(headings, found);
  return { index: found, unread: listed(headings, found), count: headings.length };
}

/** Says whether a first line has the headings that a table needs. */
export function areHeadings(fields: readonly string[]): boolean {
  const names = fields.map(plain);
  const has = (column: Column) => HEADINGS[column].flat().some((name) => names.includes(name));
  return has("username") && has("secret");
}

/**
 * Lists the headings that belong to no known column. If a table has no headings, its first line may
 * hold a user's secret: nothing that is long enough for one is shown.
 */
function listed(headings: readonly string[], found: ReadonlyMap<Column, number>): string {
  const known = new Set(found.values());
  const shown = headings.flatMap((heading, index) => {
    if (known.has(index)) return [];
    return [heading.length < SHORTEST_SECRET ? quoted(heading) : `heading ${index + 1}`];
  });
  return shown.slice(0, MAX_LISTED).join(", ") + (shown.length > MAX_LISTED ? " and others" : "");
}

function indexOf(names: readonly string[], column: Column): number | null {
  for (const alike of HEADINGS[column]) {
    const [first, second] = names.flatMap((name, index) => alike.includes(name) ? [index] : []);
    if (second !== undefined) throw repeated(second, column);
    if (first !== undefined) return first;
  }
  return null;
}

function repeated(index: number, column: Column): UnreadableSource {
  return new UnreadableSource(
    `heading ${
      index + 1
    } in the first line is a second one for the ${column}: remove or rename one`,
  );
}

function missing(
  headings: readonly string[],
  found: ReadonlyMap<Column, number>,
): UnreadableSource {
  const needed = (["username", "secret"] as const).filter((column) => !found.has(column))
    .map((column) => `one for the ${column} (${HEADINGS[column].flat().join(", ")})`);
  // Where none is known, the line may be no headings at all.
  const unknown = found.size === 0 ? "" : listed(headings, found);
  return new UnreadableSource(
    `the first line must have the headings of the columns, but it lacks ${needed.join(" and ")}` +
      (unknown === "" ? "" : `; unknown: ${unknown}`),
  );
}

function plain(heading: string): string {
  return heading.trim().toLowerCase();
}
