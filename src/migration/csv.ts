import { COMMON_PARAMETERS } from "../core/totp_parameters.ts";
import { decodeBase32 } from "../text/base32.ts";
import { type CsvRecord, readRecords } from "./csv_records.ts";
import { Findings, type Reading, UnreadableSource } from "./reading.ts";
import { algorithmOf, decodeText, wholeNumber } from "./text.ts";

/** The columns, by their headings in small letters. */
export const CSV_COLUMNS = [
  "username",
  "secret",
  "issuer",
  "algorithm",
  "digits",
  "period",
] as const;

type Column = typeof CSV_COLUMNS[number];

/** Between fields; which one it is, the headings tell. */
const SEPARATORS = [",", ";", "\t"];

/**
 * Reads a table of comma-separated values (RFC 4180; semicolons and tabs separate, too), whose first
 * line has the headings: username and secret, and if needed issuer, algorithm, digits and period.
 *
 * @throws UnreadableSource
 */
export function readCsv(content: Uint8Array): Reading {
  const text = decodeText(content);
  const [headings, ...records] = readRecords(text, separatorOf(text));
  const columns = columnsOf(headings?.fields ?? []);
  const findings = new Findings();
  for (const record of records) addRecord(findings, columns, record);
  return findings;
}

/** What separates the headings of a table of ours; a comma where nothing does. */
function separatorOf(text: string): string {
  const headings = text.split(/\r?\n/, 1)[0]!;
  return SEPARATORS.find((separator) => headings.includes(separator)) ?? ",";
}

function columnsOf(headings: readonly string[]): Map<Column, number> {
  const columns = new Map<Column, number>();
  for (const [index, heading] of headings.entries()) {
    const name = heading.trim().toLowerCase();
    const column = CSV_COLUMNS.find((column) => column === name);
    // Not shown: without headings it is a user's secret.
    if (column === undefined || columns.has(column)) {
      throw new UnreadableSource(
        `heading ${index + 1} of its first line is another one, or there twice: allowed are ${
          CSV_COLUMNS.join(", ")
        }`,
      );
    }
    columns.set(column, index);
  }
  if (columns.has("username") && columns.has("secret")) return columns;
  throw new UnreadableSource(
    "its first line must have the headings username and secret",
  );
}

function addRecord(
  findings: Findings,
  columns: ReadonlyMap<Column, number>,
  { place, fields }: CsvRecord,
): void {
  if (fields.length !== columns.size) {
    return findings.unreadable(
      place,
      null,
      `it has ${fields.length} fields, and there are ${columns.size} headings`,
    );
  }
  const value = (column: Column): string => {
    const index = columns.get(column);
    return index === undefined ? "" : fields[index]!;
  };
  const { algorithm, digits, periodSeconds } = COMMON_PARAMETERS;
  findings.add({
    place,
    username: value("username"),
    issuer: value("issuer") || null,
    secret: decodeBase32(value("secret")),
    parameters: {
      algorithm: algorithmOf(value("algorithm") || algorithm),
      digits: wholeNumber(value("digits").trim() || String(digits)),
      periodSeconds: wholeNumber(
        value("period").trim() || String(periodSeconds),
      ),
    },
  });
}
