import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../src/store/sqlite/enrolment_store.ts";
import { makeSimilarNames } from "../src/store/sqlite/similar_names.ts";
import { ANY_KEYS, sealedEnrolment } from "../tests/lab/secrets.ts";

/** Those who log in, in a database of any size; they share {@link SECRET}. */
export const ACTIVE_USERS: readonly string[] = Array.from({ length: 10 }, (_, n) => `user${n}`);

/** The secret of all users. */
export const SECRET = new Uint8Array(20).fill(7);

/**
 * Makes a database with this many users, each known at one place.
 *
 * @param path absolute; nothing is there yet
 * @param count at least as many as {@link ACTIVE_USERS}
 */
export async function makeDatabaseOf(path: string, count: number): Promise<void> {
  {
    using database = await openDatabase(path, { create: true, busyTimeoutMs: 0 });
    const store = new SqliteEnrolmentStore(database);
    const users = await Promise.all(ACTIVE_USERS.map((name) => sealedEnrolment(name, SECRET)));
    await store.enrol(users, { mayReplace: () => false, ...ANY_KEYS });
  }
  using connection = new DatabaseSync(path);
  connection.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  copyUser(connection, ACTIVE_USERS[0]!, count - ACTIVE_USERS.length);
  makeSimilarNames(connection);
  connection.prepare(
    "INSERT INTO known_places SELECT hex(randomblob(16)), username, ?, 0, NULL, NULL, 0, NULL " +
      "FROM enrolments",
  ).run(Date.now());
}

/** Enrols others like one user; their secrets don't open, as they are sealed under another name. */
function copyUser(connection: DatabaseSync, username: string, copies: number): void {
  const columns = connection.prepare("PRAGMA table_info(enrolments)").all()
    .map(({ name }) => name as string);
  const values = columns.map((name) => name === "username" ? "printf('other%07d', n)" : name);
  connection.prepare(
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :copies)
     INSERT INTO enrolments (${columns.join(", ")})
     SELECT ${values.join(", ")} FROM numbers, enrolments
     WHERE username = :username AND :copies > 0`,
  ).run({ copies, username });
}
