import type { DatabaseSync } from "node:sqlite";
import { USERS_AT_ONCE } from "../amounts.ts";
import type { Direction, StoredUser } from "../enrolment_store.ts";
import { storedUsersOf } from "../rows.ts";
import { ENROLMENTS } from "./enrolments_table.ts";

/** To SQLite, all texts are greater than the empty one, and less than any bytes. */
export const FIRST = { ascending: "", descending: new Uint8Array(0) } as const satisfies Record<
  Direction,
  unknown
>;

/** The names that come next in an order. */
export function usernamesAfter(
  connection: DatabaseSync,
  after: string | Uint8Array,
  direction: Direction,
): string[] {
  const [isNext, order] = direction === "ascending" ? [">", "ASC"] : ["<", "DESC"];
  return connection.prepare(
    `SELECT username FROM enrolments WHERE username ${isNext} :after
     UNION SELECT username FROM exemptions WHERE username ${isNext} :after
     ORDER BY username ${order} LIMIT ${USERS_AT_ONCE}`,
  ).all({ after }).map((row) => row.username as string);
}

/** `EnrolmentStore.usersNamed`. */
export function usersNamed(connection: DatabaseSync, usernames: readonly string[]): StoredUser[] {
  const rowsOf = (table: string) =>
    connection.prepare(
      `SELECT * FROM ${table} WHERE username IN (SELECT value FROM json_each(?))`,
    ).all(JSON.stringify(usernames));
  return storedUsersOf(usernames, {
    enrolments: rowsOf(ENROLMENTS),
    exemptions: rowsOf("exemptions"),
  });
}
