import type { DatabaseSync } from "node:sqlite";
import { similarityKey, similarNames } from "../../core/similar_names.ts";

/** Everybody who is enrolled or has an exemption. */
const USERS = "(SELECT username FROM enrolments UNION SELECT username FROM exemptions)";

/** `LoginRecords.similarUsernames`. */
export function similarUsernames(connection: DatabaseSync, given: readonly string[]): string[] {
  const find = connection.prepare("SELECT username FROM similar_names WHERE similarity_key = ?");
  const keys = new Set(given.map(similarityKey));
  const candidates = [...keys].flatMap((key) => find.all(key).map((row) => row.username as string));
  return similarNames(candidates, given).sort();
}

/** Has a user be found by similar names. Call it in the transaction that adds the user. */
export function addSimilarName(connection: DatabaseSync, username: string): void {
  connection.prepare("INSERT OR IGNORE INTO similar_names VALUES (?, ?)")
    .run(similarityKey(username), username);
}

/** Has a user not be found any more who is neither enrolled nor exempt. */
export function removeSimilarName(connection: DatabaseSync, username: string): void {
  connection.prepare(
    `DELETE FROM similar_names WHERE similarity_key = :key AND username = :username
       AND NOT EXISTS (SELECT 1 FROM ${USERS} WHERE username = :username)`,
  ).run({ key: similarityKey(username), username });
}

/**
 * Makes the keys of all users anew. SQLite reads, sorts and writes the names by itself: a million takes
 * it some 2.5 seconds, and a login, which has little time, may be the first to open an older database.
 */
export function makeSimilarNames(connection: DatabaseSync): void {
  connection.function(
    "similarity_key",
    { deterministic: true, directOnly: true },
    (username) => similarityKey(username as string),
  );
  connection.exec(
    `DELETE FROM similar_names;
     INSERT INTO similar_names
       SELECT similarity_key(username) AS key, username FROM ${USERS} ORDER BY key, username;`,
  );
}
