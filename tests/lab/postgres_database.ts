import { schemaFor } from "./postgres_schema.ts";
import type { TestPostgres } from "./postgres_server.ts";

/** The two roles of a database: the one that logins use, and the one that the tables belong to. */
export type DatabaseRole = "login" | "owner";

/** What an address has that differs from the usual one. */
export interface AddressOptions {
  role?: DatabaseRole;
  /** Hosts with their ports; otherwise the server itself on 127.0.0.1. None for the socket. */
  hosts?: readonly string[];
  /** Further parameters, or others in the place of the usual ones. */
  parameters?: Readonly<Record<string, string>>;
}

/** A database of a test, with roles of its own. It ends with its server. */
export interface TestPostgresDatabase {
  name: string;
  /** The roles' names. */
  login: string;
  owner: string;
  /** Where the login role finds the database: on 127.0.0.1, and by the socket. */
  url: string;
  socketUrl: string;
  /** Where the owner finds it. */
  ownerUrl: string;
  /** The files with the roles' passwords, for any host and port. */
  passFile: string;
  ownerPassFile: string;
  /** The roles' passwords. */
  password: string;
  ownerPassword: string;
  /** Makes another address of the database. */
  address(options: AddressOptions): string;
  /** Runs SQL in the database as the superuser: a line for each row, with `|` between columns. */
  psql(sql: string): Promise<string>;
}

/**
 * Makes a database on a server, with its roles.
 *
 * @param isEmpty whether it has no schema yet
 */
export async function makePostgresDatabase(
  postgres: TestPostgres,
  name: string,
  isEmpty: boolean,
): Promise<TestPostgresDatabase> {
  const names = { login: `${name}_login`, owner: `${name}_owner` };
  const login = await makeRole(postgres, names.login, name);
  const owner = await makeRole(postgres, names.owner, name);
  const passFiles = { login: login.passFile, owner: owner.passFile };
  await postgres.psql(
    `CREATE DATABASE ${name} OWNER ${names.owner} TEMPLATE template0 ENCODING 'UTF8' ` +
      await localeOf(postgres),
  );
  if (!isEmpty) {
    const asOwner = { database: name, user: names.owner, passFile: owner.passFile };
    await postgres.psql(schemaFor(names.login), asOwner);
  }
  const address = ({ role = "login", hosts, parameters }: AddressOptions) => {
    const places = hosts ?? [`127.0.0.1:${postgres.port}`];
    const all = new URLSearchParams({ passfile: passFiles[role], ...parameters });
    // libpq, unlike forms, does not read a plus sign as a blank.
    const query = String(all).replaceAll("+", "%20");
    return `postgres://${names[role]}@${places.join(",")}/${name}?${query}`;
  };
  const socket = { host: postgres.socketDirectory, port: `${postgres.port}` };
  const psql = (sql: string) => postgres.psql(sql, { database: name });
  return {
    name,
    ...names,
    url: address({}),
    socketUrl: address({ hosts: [], parameters: socket }),
    ownerUrl: address({ role: "owner" }),
    passFile: login.passFile,
    ownerPassFile: owner.passFile,
    password: login.password,
    ownerPassword: owner.password,
    address,
    psql,
  };
}

/** Makes a role with a password, and a file with it. The password has what files escape. */
async function makeRole(
  postgres: TestPostgres,
  role: string,
  database: string,
): Promise<{ password: string; passFile: string }> {
  const password = `a:b\\${crypto.randomUUID()}`;
  await postgres.psql(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  const file = `${postgres.home.path}/${role}.pgpass`;
  const escaped = password.replaceAll(/[\\:]/g, "\\$&");
  await Deno.writeTextFile(file, `*:*:${database}:${role}:${escaped}\n`, { mode: 0o600 });
  return { password, passFile: file };
}

/** An order of texts other than by their bytes, if the server has one, as most databases have. */
async function localeOf(postgres: TestPostgres): Promise<string> {
  const hasIcu = await postgres.psql(
    `SELECT current_setting('server_version_num')::int >= 150000
        AND EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i' AND collname = 'en-x-icu')`,
  );
  if (hasIcu === "t") return `LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'`;
  const collation = await postgres.psql(
    `SELECT collcollate FROM pg_collation WHERE collprovider = 'c' AND collencoding = 6
        AND collcollate ~ '^[a-z]{2}_' ORDER BY collcollate LIMIT 1`,
  );
  return `LOCALE '${collation === "" ? "C" : collation.replaceAll("'", "''")}'`;
}
