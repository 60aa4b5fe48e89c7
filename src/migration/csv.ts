import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { counted } from "../text/counted.ts";
import { type CsvRecord, readRecords } from "./csv_records.ts";
import type { EntryChoice } from "./entry_choice.ts";
import type { Reading } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";
import type { SourceEntry } from "./source_entry.ts";
import { type Column, type Columns, findColumns } from "./table_headings.ts";
import { algorithmOf, decodeText, wholeNumber } from "./text.ts";

/** What may separate fields; the headings show which it is. */
const SEPARATORS = [",", ";", "\t"];

/**
 * Reads a table of comma-separated values (RFC 4180; semicolons and tabs are separators, too). Its
 * first line has the headings: username (or user, login, name) and secret, and optionally issuer,
 * algorithm, digits and period. Other columns are not read.
 *
 * @throws UnreadableSource
 */
export function readCsv(content: Uint8Array, choice: EntryChoice = {}): Reading {
  const text = decodeText(content);
  const [headings, ...records] = readRecords(text, separatorOf(text));
  const columns = findColumns(headings?.fields ?? []);
  const reading = new ReadingBuilder(choice);
  for (const record of records) addRecord(reading, columns, record);
  noteUnread(reading, columns.unread);
  return reading.finish();
}

function noteUnread(reading: ReadingBuilder, unread: string): void {
  const [first] = reading.users;
  if (first === undefined || unread === "") return;
  const what = `the columns ${unread}, which are not read`;
  reading.note(first.place, first.username, what);
}

/** What separates the headings; a comma if there is only one. */
function separatorOf(text: string): string {
  const headings = text.split(/\r?\n/, 1)[0]!;
  return SEPARATORS.find((separator) => headings.includes(separator)) ?? ",";
}

function addRecord(
  reading: ReadingBuilder,
  columns: Columns,
  { place, fields }: CsvRecord,
): void {
  if (fields.length !== columns.count) {
    const reason = `it has ${counted(fields.length, "field")}, but there are ` +
      counted(columns.count, "heading");
    return reading.unreadable(place, null, reason);
  }
  const value = (column: Column): string => {
    const index = columns.index.get(column);
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
