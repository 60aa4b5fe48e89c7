import type { DatabaseSync } from "node:sqlite";
import { quoted } from "../text/printable.ts";
import { decodeBase32 } from "../text/base32.ts";
import { Findings, MAX_ENTRIES, type Reading, UnreadableSource } from "./reading.ts";

/** Where the users stand in a database, as far as somebody has said so. */
export interface TableChoice {
  table?: string | undefined;
  userColumn?: string | undefined;
  secretColumn?: string | undefined;
}

/** Names of columns by which usernames and secrets are known. */
const USER_COLUMNS = ["username", "user", "name", "login"];
const SECRET_COLUMNS = [
  "secret",
  "totp_secret",
  "token",
  "totp_token",
  "key",
];

/** The longest text that is looked at, in bytes. */
const MAX_TEXT = 4096;

/** How much of a schema an error lists. */
const MAX_LISTED = 20;

interface Table {
  name: string;
  columns: string[];
}

interface Place {
  table: string;
  user: string;
  secret: string;
  others: string[];
}

/**
 * Reads the database of the newer Python script: the one table that has usernames and secrets in
 * base32. Its columns aren't laid down anywhere, so they are known by their names, or are named.
 *
 * @param connection opened read only; what its schema can run is switched off here
 * @throws UnreadableSource where nothing fits, or more than one thing
 */
export function readPythonSqlite(
  connection: DatabaseSync,
  choice: TableChoice,
): Reading {
  try {
    // Neither functions in its schema nor triggers; a wrong size of a cell is an error.
    connection.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
    const tables = tablesIn(connection);
    requireWhole(connection);
    return readUsers(connection, placeOf(tables, choice));
  } catch (error) {
    if (error instanceof UnreadableSource) throw error;
    // SQLite's own message may repeat what is in the database.
    throw new UnreadableSource("it is damaged, or no database of SQLite 3");
  }
}

/**
 * A made-up file may have pages that are referred to again and again: a small one takes hours to read.
 * The check looks at each page once; conditions in the schema aren't run.
 */
function requireWhole(connection: DatabaseSync): void {
  connection.exec("PRAGMA ignore_check_constraints = ON");
  const [result] = connection.prepare("PRAGMA quick_check(1)").all();
  if (result?.quick_check === "ok") return;
  throw new UnreadableSource("it is damaged");
}

/** Real tables; what the script doesn't make, and would be run to be looked at, is refused. */
function tablesIn(connection: DatabaseSync): Table[] {
  const tables = connection.prepare(
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' " +
      "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT 1000",
  ).all();
  const columns = connection.prepare(
    "SELECT name, hidden FROM pragma_table_xinfo(?) LIMIT 1000",
  );
  return tables.map(({ name, type }) => {
    const all = columns.all(String(name));
    if (type !== "table" || all.some(({ hidden }) => hidden !== 0)) {
      throw new UnreadableSource(
        `${quoted(String(name))} is a virtual table or has computed columns`,
      );
    }
    return {
      name: String(name),
      columns: all.map((column) => String(column.name)),
    };
  });
}

function placeOf(tables: readonly Table[], choice: TableChoice): Place {
  const { table, userColumn, secretColumn } = choice;
  const places = tables
    .filter(({ name }) => table === undefined || isSame(name, table))
    .flatMap(({ name, columns }): Place[] => {
      const users = named(columns, userColumn, USER_COLUMNS);
      const secrets = named(columns, secretColumn, SECRET_COLUMNS);
      const [user] = users;
      const [secret] = secrets;
      if (user === undefined || secret === undefined) return [];
      // Which of two it is, nobody but the administrator can tell.
      if (users.length > 1 || secrets.length > 1) throw unclear(tables);
      const others = columns.filter((name) => name !== user && name !== secret);
      return [{ table: name, user, secret, others }];
    });
  if (places.length !== 1) throw unclear(tables);
  return places[0]!;
}

function named(
  columns: readonly string[],
  chosen: string | undefined,
  known: readonly string[],
): string[] {
  return columns.filter((column) =>
    chosen === undefined ? known.some((name) => isSame(column, name)) : isSame(column, chosen)
  );
}

function unclear(tables: readonly Table[]): UnreadableSource {
  const listed = tables.slice(0, MAX_LISTED).map(({ name, columns }) =>
    `${quoted(name)} (${columns.slice(0, MAX_LISTED).map(quoted).join(", ")})`
  );
  return new UnreadableSource(
    "it can't be told which table and columns have usernames and secrets: name them with " +
      `--table, --user-column and --secret-column; there is ${listed.join(", ") || "no table"}`,
  );
}

/** Names in SQL are the same in small letters and capitals. */
function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

function readUsers(connection: DatabaseSync, place: Place): Reading {
  const { table, user, secret, others } = place;
  const rows = connection.prepare(
    `SELECT ${text(user)} AS username, ${text(secret)} AS secret
     FROM main.${name(table)} NOT INDEXED LIMIT ${MAX_ENTRIES + 1}`,
  ).all();
  const findings = new Findings();
  for (const [index, row] of rows.entries()) {
    const at = `row ${index + 1}`;
    const { username, secret } = row;
    if (!isText(username)) {
      findings.unreadable(at, null, `${quoted(user)} is not a short text`);
    } else if (!isText(secret)) {
      const reason = `${quoted(place.secret)} is not a short text`;
      findings.unreadable(at, username, reason);
    } else {
      findings.add({ place: at, username, secret: decodeBase32(secret) });
    }
  }
  const [first] = findings.users;
  if (first !== undefined && others.length > 0) {
    const columns = others.slice(0, MAX_LISTED).map(quoted).join(", ");
    findings.note(
      first.place,
      first.username,
      `the columns ${columns} of the table ${quoted(table)}: they aren't read`,
    );
  }
  return findings;
}

/** What is no text, SQL gives as NULL; bytes that are no character come as U+FFFD. */
function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\ufffd");
}

/** A column's value where it is a text, not too long to look at, and without NUL, where it would end. */
function text(column: string): string {
  const value = name(column);
  return `CASE WHEN typeof(${value}) = 'text' AND instr(${value}, char(0)) = 0 AND
    length(${value}) <= ${MAX_TEXT} THEN ${value} END`;
}

/** A name in SQL. */
function name(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
