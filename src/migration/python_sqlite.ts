import type { DatabaseSync } from "node:sqlite";
import { decodeBase32 } from "../text/base32.ts";
import { quoted } from "../text/printable.ts";
import {
  findUserTable,
  listed,
  type TableChoice,
  tablesIn,
  type UserTable,
} from "./python_tables.ts";
import { MAX_ENTRIES, type Reading, UnreadableSource } from "./reading.ts";
import { ReadingBuilder } from "./reading_builder.ts";

export type { TableChoice } from "./python_tables.ts";

/** The longest text that is read, in characters. */
const MAX_TEXT = 4096;

/**
 * Reads the database of the newer Python script: the one table that has usernames and secrets in
 * base32. No document specifies its columns, so they are recognised by their names, or chosen.
 *
 * @param connection opened for reading only; this function switches off what its schema can run
 * @throws UnreadableSource if no table fits, or more than one
 */
export function readPythonSqlite(connection: DatabaseSync, choice: TableChoice): Reading {
  try {
    // No functions from the schema, no triggers; and a cell of the wrong size is an error.
    connection.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    const tables = tablesIn(connection);
    requireWhole(connection);
    return readUsers(connection, findUserTable(tables, choice));
  } catch (error) {
    if (error instanceof UnreadableSource) throw error;
    // SQLite's own message may quote what is in the database.
    throw new UnreadableSource("it is damaged, or not an SQLite 3 database");
  }
}

/**
 * A crafted file may refer to the same pages again and again, so that a small one would take hours
 * to read. This check looks at each page once, and runs no conditions of the schema.
 */
function requireWhole(connection: DatabaseSync): void {
  connection.exec("PRAGMA ignore_check_constraints = ON");
  const [result] = connection.prepare("PRAGMA quick_check(1)").all();
  if (result?.quick_check === "ok") return;
  throw new UnreadableSource("it is damaged");
}

function readUsers(connection: DatabaseSync, { table, user, secret, others }: UserTable): Reading {
  const rows = connection.prepare(
    `SELECT ${text(user)} AS username, ${text(secret)} AS secret
     FROM main.${name(table)} NOT INDEXED LIMIT ${MAX_ENTRIES + 1}`,
  ).all();
  const reading = new ReadingBuilder();
  for (const [index, row] of rows.entries()) {
    const place = `row ${index + 1}`;
    if (!isText(row.username)) {
      reading.unreadable(place, null, notText(user));
    } else if (!isText(row.secret)) {
      reading.unreadable(place, row.username, notText(secret));
    } else {
      reading.add({ place, username: row.username, secret: decodeBase32(row.secret) });
    }
  }
  noteOthers(reading, table, others);
  return reading;
}

function notText(column: string): string {
  return `the value in ${quoted(column)} is not text, or is too long`;
}

function noteOthers(reading: ReadingBuilder, table: string, others: readonly string[]): void {
  const [first] = reading.users;
  if (first === undefined || others.length === 0) return;
  const what = `the columns ${listed(others)} of the table ${quoted(table)}, which are not read`;
  reading.note(first.place, first.username, what);
}

/** Other values than text come as NULL; bytes that are not UTF-8 come as U+FFFD. */
function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\ufffd");
}

/**
 * SQL for a column's value if it is text, not too long, and without NUL, which would cut it short.
 */
function text(column: string): string {
  const value = name(column);
  return `CASE WHEN typeof(${value}) = 'text' AND instr(${value}, char(0)) = 0 AND
    length(${value}) <= ${MAX_TEXT} THEN ${value} END`;
}

/** A name in SQL. */
function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
