import { similarityKey, similarNames } from "../../core/similar_names.ts";
import type { Connection } from "./connection.ts";

/** `LoginRecords.similarUsernames`. */
export async function similarUsernames(
  connection: Connection,
  given: readonly string[],
): Promise<string[]> {
  if (given.length === 0) return [];
  const { rows } = await connection.run(
    "SELECT username FROM openvpn_totp.similar_names WHERE similarity_key = ANY ($1::text[])",
    [[...new Set(given.map(similarityKey))]],
  );
  return similarNames(rows.map((row) => row.username as string), given).sort();
}

/** Has users be found by similar names. Call it in the transaction that adds the users. */
export async function addSimilarNames(
  connection: Connection,
  usernames: readonly string[],
): Promise<void> {
  await connection.run(
    `INSERT INTO openvpn_totp.similar_names (similarity_key, username)
     SELECT given.similarity_key, given.username
     FROM unnest($1::text[], $2::text[]) AS given (similarity_key, username)
     ON CONFLICT DO NOTHING`,
    [usernames.map(similarityKey), usernames],
  );
}

/** Has a user not be found any more who is neither enrolled nor exempt. */
export async function removeSimilarName(connection: Connection, username: string): Promise<void> {
  await connection.run(
    `DELETE FROM openvpn_totp.similar_names WHERE similarity_key = $1 AND username = $2
       AND NOT EXISTS (SELECT 1 FROM openvpn_totp.enrolments WHERE username = $2)
       AND NOT EXISTS (SELECT 1 FROM openvpn_totp.exemptions WHERE username = $2)`,
    [similarityKey(username), username],
  );
}
