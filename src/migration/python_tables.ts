import type { DatabaseSync } from "node:sqlite";
import { quoted } from "../text/printable.ts";
import { UnreadableSource } from "./reading.ts";

/** Where a database has its users, as far as the administrator has said. */
export interface TableChoice {
  table?: string | undefined;
  userColumn?: string | undefined;
  secretColumn?: string | undefined;
}

/** Names that columns of usernames and of secrets are known by. */
const USER_COLUMNS = ["username", "user", "name", "login"];
const SECRET_COLUMNS = ["secret", "totp_secret", "token", "totp_token", "key"];

/** How many names of tables or columns a message lists. */
const MAX_LISTED = 20;

/** A table and its columns. */
export interface Table {
  name: string;
  columns: string[];
}

/** The table with the users, and its columns. */
export interface UserTable {
  table: string;
  user: string;
  secret: string;
  /** The columns that are not read. */
  others: string[];
}

/**
 * Finds the one table that has usernames and secrets.
 *
 * @throws UnreadableSource if there is none, or more than one
 */
export function findUserTable(tables: readonly Table[], choice: TableChoice): UserTable {
  const fitting = tables
    .filter(({ name }) => choice.table === undefined || isSame(name, choice.table))
    .map((table) => userTable(table, choice));
  const [found, ...others] = fitting.filter((one) => one !== "unfit");
  // Of two candidates, only the administrator can tell which is right.
  if (found === undefined || found === "unclear" || others.length > 0) throw unclear(tables);
  return found;
}

/** Names for a message: the first few, quoted. */
export function listed(names: readonly string[]): string {
  return names.slice(0, MAX_LISTED).map(quoted).join(", ");
}

/**
 * The tables of a database.
 *
 * @throws UnreadableSource for tables that run code when they are read, which the script never
 *   makes
 */
export function tablesIn(connection: DatabaseSync): Table[] {
  const tables = connection.prepare(
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' " +
      "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name LIMIT 1000",
  ).all();
  const columns = connection.prepare("SELECT name, hidden FROM pragma_table_xinfo(?) LIMIT 1000");
  return tables.map((row) => {
    const name = String(row.name);
    const all = columns.all(name);
    if (row.type !== "table" || all.some(({ hidden }) => hidden !== 0)) {
      throw new UnreadableSource(`${quoted(name)} is a virtual table or has computed columns`);
    }
    return { name, columns: all.map((column) => String(column.name)) };
  });
}

function userTable({ name, columns }: Table, choice: TableChoice): UserTable | "unfit" | "unclear" {
  const users = columnsNamed(columns, choice.userColumn, USER_COLUMNS);
  const secrets = columnsNamed(columns, choice.secretColumn, SECRET_COLUMNS);
  const [user] = users;
  const [secret] = secrets;
  if (user === undefined || secret === undefined) return "unfit";
  if (users.length > 1 || secrets.length > 1) return "unclear";
  const others = columns.filter((column) => column !== user && column !== secret);
  return { table: name, user, secret, others };
}

function columnsNamed(
  columns: readonly string[],
  chosen: string | undefined,
  known: readonly string[],
): string[] {
  const names = chosen === undefined ? known : [chosen];
  return columns.filter((column) => names.some((name) => isSame(column, name)));
}

/** SQL does not distinguish between upper and lower case in names. */
function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

function unclear(tables: readonly Table[]): UnreadableSource {
  const shown = tables.slice(0, MAX_LISTED)
    .map(({ name, columns }) => `${quoted(name)} (${listed(columns)})`);
  return new UnreadableSource(
    "cannot tell which table and columns hold usernames and secrets: name them with --table, " +
      `--user-column and --secret-column; the database has ${shown.join(", ") || "no tables"}`,
  );
}
