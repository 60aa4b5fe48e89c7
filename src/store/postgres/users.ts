import { USERS_AT_ONCE } from "../amounts.ts";
import type { Direction, StoredUser } from "../enrolment_store.ts";
import { storedUsersOf } from "../rows.ts";
import { ENROLMENT, ENROLMENTS, EXEMPTION } from "./columns.ts";
import type { Connection } from "./connection.ts";

/**
 * The names that come next in an order.
 *
 * @param after null at the beginning
 */
export async function usernamesAfter(
  connection: Connection,
  after: string | null,
  direction: Direction,
): Promise<string[]> {
  const [isNext, order] = direction === "ascending" ? [">", "ASC"] : ["<", "DESC"];
  const condition = after === null ? "" : `WHERE username ${isNext} $1`;
  const page = (table: string) =>
    `(SELECT username FROM openvpn_totp.${table} ${condition}
      ORDER BY username ${order} LIMIT ${USERS_AT_ONCE})`;
  const { rows } = await connection.run(
    `${page("enrolments")} UNION ${page("exemptions")}
     ORDER BY username ${order} LIMIT ${USERS_AT_ONCE}`,
    after === null ? [] : [after],
  );
  return rows.map((row) => row.username as string);
}

/** `EnrolmentStore.usersNamed`. */
export async function usersNamed(
  connection: Connection,
  usernames: readonly string[],
): Promise<StoredUser[]> {
  const rowsOf = async (table: string, columns: string) =>
    (await connection.run(
      `SELECT ${columns} FROM ${table} WHERE username = ANY ($1::text[])`,
      [usernames],
    )).rows;
  return storedUsersOf(usernames, {
    enrolments: await rowsOf(ENROLMENTS, ENROLMENT),
    exemptions: await rowsOf("openvpn_totp.exemptions", EXEMPTION),
  });
}
