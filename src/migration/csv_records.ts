import { MAX_ENTRIES, UnreadableSource } from "./reading.ts";

/** A line of a table, which may go over several lines of its file. */
export interface CsvRecord {
  place: string;
  fields: string[];
}

/** Many more than a table of users has. */
const MAX_FIELDS = 100;

/** Where a field ends, and what it holds. */
interface CsvField {
  text: string;
  end: number;
}

/**
 * Reads the records of a table (RFC 4180 section 2). Blank lines don't count.
 *
 * @param separator one character
 * @throws UnreadableSource for a quote that has no end, or stands within a field
 */
export function readRecords(text: string, separator: string): CsvRecord[] {
  const plain = new RegExp(`[^"\\r\\n${separator}]*`, "y");
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let line = 1;
  for (let at = 0, first = 1; at < text.length || fields.length > 0;) {
    const field = text[at] === '"' ? readQuoted(text, at, line) : readPlain(text, at, plain);
    fields.push(field.text);
    if (fields.length > MAX_FIELDS) {
      throw new UnreadableSource(`line ${line} has too many fields`);
    }
    line += field.text.split("\n").length - 1;
    at = field.end;
    if (text.startsWith(separator, at)) {
      at++;
      continue;
    }
    const newline = text.slice(at, at + 2).match(/^(\r?\n|$)/)?.[0];
    if (newline === undefined) throw badQuote(line);
    const isBlank = fields.length === 1 && fields[0] === "";
    if (!isBlank) records.push({ place: `line ${first}`, fields });
    if (records.length > MAX_ENTRIES + 1) {
      throw new UnreadableSource(`it has more than ${MAX_ENTRIES} lines`);
    }
    at += newline.length;
    fields = [];
    first = ++line;
  }
  return records;
}

function readPlain(text: string, at: number, plain: RegExp): CsvField {
  plain.lastIndex = at;
  const [field] = plain.exec(text)!;
  return { text: field, end: at + field.length };
}

/** A field in quotes, in which a quote is two. */
function readQuoted(text: string, at: number, line: number): CsvField {
  for (let from = at + 1;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw badQuote(line);
    if (text[quote + 1] !== '"') {
      const field = text.slice(at + 1, quote).replaceAll('""', '"');
      return { text: field, end: quote + 1 };
    }
    from = quote + 2;
  }
}

function badQuote(line: number): UnreadableSource {
  return new UnreadableSource(`line ${line} has a quote that is none`);
}
