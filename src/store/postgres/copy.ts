import { placeText, type PostgresPlace } from "../../core/database_place.ts";
import {
  type ColumnType,
  COPIED_AT_ONCE,
  COPIED_TABLES,
  type CopiedRow,
  type CopiedTable,
  type CopiedUser,
  type CopyFilling,
  type CopySource,
  type CopyTarget,
  firstWithRows,
  notEmpty,
  type RowCounts,
  userOf,
} from "../copy.ts";
import type { Row, Value } from "./connection.ts";
import { Maintenance } from "./maintenance.ts";

/** How a list of a column's values is sent, and how each becomes one of PostgreSQL's. */
const SENT_AS: Record<ColumnType, [array: string, value: (name: string) => string]> = {
  text: ["text[]", (name) => name],
  integer: ["bigint[]", (name) => name],
  real: ["text[]", (name) => `${name}::double precision`],
  bytes: ["text[]", (name) => `decode(${name}, 'hex')`],
};

/** {@link CopySource} of a database on a server: what its transaction sees from its beginning. */
export class PostgresCopySource implements CopySource {
  readonly #connection: Maintenance;

  private constructor(connection: Maintenance) {
    this.#connection = connection;
  }

  /** @throws Failure */
  static async open(place: PostgresPlace): Promise<PostgresCopySource> {
    const connection = await begin(place, "ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    return new PostgresCopySource(connection);
  }

  counts(): Promise<RowCounts> {
    return countsIn(this.#connection);
  }

  rows({ name, columns, order }: CopiedTable): AsyncIterable<CopiedRow[]> {
    const sql = `SELECT ${Object.keys(columns).join(", ")} FROM openvpn_totp.${name}
      ORDER BY ${order.join(", ")}`;
    return pages(this.#connection, `copied_${name}`, sql) as AsyncIterable<CopiedRow[]>;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

/** {@link CopyTarget} in a database on a server. */
export class PostgresCopyTarget implements CopyTarget {
  readonly #connection: Maintenance;
  readonly #place: string;

  private constructor(connection: Maintenance, place: string) {
    this.#connection = connection;
    this.#place = place;
  }

  /** @throws Failure */
  static async open(place: PostgresPlace): Promise<PostgresCopyTarget> {
    const connection = await begin({ ...place, needsWrites: true }, "READ WRITE");
    return new PostgresCopyTarget(connection, placeText(place));
  }

  async fill<T>(work: (filling: CopyFilling) => Promise<T>): Promise<T> {
    const tables = COPIED_TABLES.map(({ name }) => `openvpn_totp.${name}`);
    // Logins that use it by now would write between the copied rows.
    await this.#connection.run(`LOCK TABLE ${tables.join(", ")} IN SHARE ROW EXCLUSIVE MODE`);
    const full = firstWithRows(await countsIn(this.#connection));
    if (full !== undefined) throw notEmpty(this.#place, full);
    const result = await work(new PostgresCopyFilling(this.#connection));
    await this.#connection.runAll("COMMIT");
    return result;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

class PostgresCopyFilling implements CopyFilling {
  readonly #connection: Maintenance;

  constructor(connection: Maintenance) {
    this.#connection = connection;
  }

  async add(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    const columns = Object.entries(table.columns);
    const lists: Value[] = columns.map(([name, type]) => rows.map((row) => sent(row[name]!, type)));
    await this.#connection.run(insertion(table), lists);
  }

  counts(): Promise<RowCounts> {
    return countsIn(this.#connection);
  }

  async *secrets(): AsyncGenerator<CopiedUser[]> {
    const sql = "SELECT username, secret, key_id FROM openvpn_totp.enrolments";
    for await (const rows of pages(this.#connection, "secrets", sql)) yield rows.map(userOf);
  }
}

/**
 * What a query gives, some rows at a time.
 *
 * @param name of the cursor: no two on a connection may have the same, as what is prepared for one keeps
 *   its columns
 */
async function* pages(connection: Maintenance, name: string, sql: string): AsyncGenerator<Row[]> {
  await connection.run(`DECLARE ${name} NO SCROLL CURSOR FOR ${sql}`);
  for (;;) {
    const { rows } = await connection.run(`FETCH ${COPIED_AT_ONCE} FROM ${name}`);
    if (rows.length === 0) break;
    yield rows;
  }
  await connection.run(`CLOSE ${name}`);
}

/** Begins a transaction in a database whose schema this program knows. */
async function begin(place: PostgresPlace, mode: string): Promise<Maintenance> {
  const connection = await Maintenance.open(place);
  try {
    // A table or column that this program does not know would be left out.
    await connection.requireSameSchema();
    await connection.runAll(`BEGIN ${mode}`);
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

async function countsIn(connection: Maintenance): Promise<RowCounts> {
  const counts = new Map<string, number>();
  for (const { name } of COPIED_TABLES) {
    const { count } = await connection.row(`SELECT count(*) FROM openvpn_totp.${name}`);
    counts.set(name, count as number);
  }
  return counts;
}

/**
 * The statement that adds rows, of which each parameter has a column. The audit trail's are numbered
 * anew, from the sequences that logins go on with.
 */
function insertion({ name, columns }: CopiedTable): string {
  const entries = Object.entries(columns);
  const names = entries.map(([column]) => column);
  const arrays = entries.map(([, type], i) => `$${i + 1}::${SENT_AS[type][0]}`);
  const values = entries.map(([column, type]) => SENT_AS[type][1](`one.${column}`));
  const numbers = name === "decisions" ? [["number", NEXT_NUMBER]] : [];
  return `INSERT INTO openvpn_totp.${name} (${[...names, ...numbers.map(([n]) => n)].join(", ")})
    SELECT ${[...values, ...numbers.map(([, value]) => value)].join(", ")}
    FROM unnest(${arrays.join(", ")}) WITH ORDINALITY AS one (${names.join(", ")}, place_in_list)
    ORDER BY place_in_list`;
}

const NEXT_NUMBER = `CASE one.outcome
  WHEN 'challenged' THEN nextval('openvpn_totp.challenged_numbers')
  WHEN 'accepted' THEN nextval('openvpn_totp.accepted_numbers')
  WHEN 'refused' THEN nextval('openvpn_totp.refused_numbers')
  ELSE nextval('openvpn_totp.unchanged_numbers') END`;

function sent(value: CopiedRow[string], type: ColumnType): string | number | null {
  if (value instanceof Uint8Array) return value.toHex();
  return value === null || type === "integer" ? value as number | null : String(value);
}
