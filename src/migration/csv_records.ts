import { MAX_ENTRIES, UnreadableSource } from "./reading.ts";

/** A record of a table, which may extend over several lines of the file. */
export interface CsvRecord {
  place: string;
  fields: string[];
}

/** Many more than a table of users has. */
const MAX_FIELDS = 100;

/**
 * Reads the records of a table (RFC 4180 section 2). Blank lines are skipped.
 *
 * It is written by hand because the package csv-parse (7.0.3) fails on what matters here: its
 * errors quote the field, which may be a secret; it counts CRLF inside quotes as two lines and
 * places an open quote at the end of the file; it accepts a carriage return, or NUL after a quote,
 * as part of a field; and it does not bound the number of fields.
 *
 * @param separator one character
 * @throws UnreadableSource for a quote that is misplaced or not closed, and for floods
 */
export function readRecords(text: string, separator: string): CsvRecord[] {
  const input = new CsvInput(text, separator);
  const records: CsvRecord[] = [];
  while (!input.isAtEnd) {
    const place = `line ${input.line}`;
    const fields = input.record();
    const isBlank = fields.length === 1 && fields[0] === "";
    if (!isBlank) records.push({ place, fields });
    if (records.length > MAX_ENTRIES + 1) {
      throw new UnreadableSource(`it has more than ${MAX_ENTRIES} lines`);
    }
  }
  return records;
}

/** A table's text, read once from beginning to end. */
class CsvInput {
  readonly #text: string;
  readonly #separator: string;
  readonly #plain: RegExp;
  #at = 0;
  #line = 1;

  constructor(text: string, separator: string) {
    this.#text = text;
    this.#separator = separator;
    this.#plain = new RegExp(`[^"\\r\\n${separator}]*`, "y");
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** The number of the current line; the first line is 1. */
  get line(): number {
    return this.#line;
  }

  /** Reads a record and its line end. */
  record(): string[] {
    const fields = [this.#field()];
    while (this.#text.startsWith(this.#separator, this.#at)) {
      this.#at++;
      fields.push(this.#field());
      if (fields.length > MAX_FIELDS) throw this.#error("has too many fields");
    }
    this.#endLine();
    return fields;
  }

  #field(): string {
    return this.#text[this.#at] === '"' ? this.#quotedField() : this.#plainField();
  }

  #plainField(): string {
    this.#plain.lastIndex = this.#at;
    const [field] = this.#plain.exec(this.#text)!;
    this.#at += field.length;
    return field;
  }

  /** A field in quotes, in which two quotes stand for one. */
  #quotedField(): string {
    for (let from = this.#at + 1;;) {
      const quote = this.#text.indexOf('"', from);
      if (quote < 0) throw this.#error("has a quote that is not closed");
      if (this.#text[quote + 1] !== '"') {
        const field = this.#text.slice(this.#at + 1, quote);
        this.#at = quote + 1;
        this.#line += field.split("\n").length - 1;
        return field.replaceAll('""', '"');
      }
      from = quote + 2;
    }
  }

  #endLine(): void {
    const lineEnd = this.#text.slice(this.#at, this.#at + 2).match(/^(\r?\n|$)/)?.[0];
    if (lineEnd === undefined) throw this.#misplaced();
    this.#at += lineEnd.length;
    this.#line++;
  }

  /** What is wrong with a character that neither belongs to a field nor ends it. */
  #misplaced(): UnreadableSource {
    switch (this.#text[this.#at]) {
      case '"':
        return this.#error("has a quote inside a field that does not begin with one");
      case "\r":
        return this.#error("has a carriage return that does not end the line");
      default:
        return this.#error("has text after a closing quote");
    }
  }

  /** Never contains text of the table: it may be a secret. */
  #error(what: string): UnreadableSource {
    return new UnreadableSource(`line ${this.#line} ${what}`);
  }
}
