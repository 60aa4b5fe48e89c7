import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { counted } from "../text/counted.ts";
import { type CsvRecord, readRecords } from "./csv_records.ts";
import { type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder, type SourceEntry } from "./reading_builder.ts";
import { algorithmOf, decodeText, wholeNumber } from "./text.ts";

/** The headings of the columns, in lower case. */
const CSV_COLUMNS = ["username", "secret", "issuer", "algorithm", "digits", "period"] as const;

type Column = typeof CSV_COLUMNS[number];

/** What may separate fields; the headings show which it is. */
const SEPARATORS = [",", ";", "\t"];

/**
 * Reads a table of comma-separated values (RFC 4180; semicolons and tabs are separators, too). Its
 * first line has the headings: username and secret, and optionally issuer, algorithm, digits and
 * period.
 *
 * @throws UnreadableSource
 */
export function readCsv(content: Uint8Array): Reading {
  const text = decodeText(content);
  const [headings, ...records] = readRecords(text, separatorOf(text));
  const columns = columnsOf(headings?.fields ?? []);
  const reading = new ReadingBuilder();
  for (const record of records) addRecord(reading, columns, record);
  return reading;
}

/** What separates the headings; a comma if there is only one. */
function separatorOf(text: string): string {
  const headings = text.split(/\r?\n/, 1)[0]!;
  return SEPARATORS.find((separator) => headings.includes(separator)) ?? ",";
}

function columnsOf(headings: readonly string[]): Map<Column, number> {
  const columns = new Map<Column, number>();
  for (const [index, heading] of headings.entries()) {
    const name = heading.trim().toLowerCase();
    const column = CSV_COLUMNS.find((column) => column === name);
    if (column === undefined || columns.has(column)) throw badHeading(index);
    columns.set(column, index);
  }
  if (columns.has("username") && columns.has("secret")) return columns;
  throw new UnreadableSource("the first line must have the headings username and secret");
}

/** Does not show the heading: in a table without headings, it may be a user's secret. */
function badHeading(index: number): UnreadableSource {
  return new UnreadableSource(
    `heading ${index + 1} in the first line is unknown or repeated: allowed are ` +
      CSV_COLUMNS.join(", "),
  );
}

function addRecord(
  reading: ReadingBuilder,
  columns: ReadonlyMap<Column, number>,
  { place, fields }: CsvRecord,
): void {
  if (fields.length !== columns.size) {
    const reason = `it has ${counted(fields.length, "field")}, but there are ` +
      counted(columns.size, "heading");
    return reading.unreadable(place, null, reason);
  }
  const value = (column: Column): string => {
    const index = columns.get(column);
    return index === undefined ? "" : fields[index]!;
  };
  reading.add({ place, ...entryOf(value) });
}

/** @param value a column's value; empty if there is no such column */
function entryOf(value: (column: Column) => string): Omit<SourceEntry, "place"> {
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  return {
    username: value("username"),
    issuer: value("issuer") || null,
    secret: decodeBase32(value("secret")),
    parameters: {
      algorithm: algorithmOf(value("algorithm") || algorithm),
      digits: wholeNumber(value("digits").trim() || String(digits)),
      periodSeconds: wholeNumber(value("period").trim() || String(periodSeconds)),
    },
  };
}
