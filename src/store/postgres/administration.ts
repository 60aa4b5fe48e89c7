import type { EpochMs } from "../../core/epoch.ts";
import type { Exemption } from "../../core/exemption.ts";
import { similarityKey } from "../../core/similar_names.ts";
import type { DeletedUser } from "../enrolment_store.ts";
import type { Connection } from "./connection.ts";
import { addSimilarNames, removeSimilarName } from "./similar_names.ts";

/** `EnrolmentStore.setDisabled`. */
export async function setDisabled(
  connection: Connection,
  username: string,
  at: EpochMs | null,
): Promise<boolean> {
  if (at !== null) {
    await connection.run("DELETE FROM openvpn_totp.challenges WHERE username = $1", [username]);
  }
  const { count } = await connection.run(
    `UPDATE openvpn_totp.enrolments
     SET disabled_at = $1, tokens_valid_from = greatest(tokens_valid_from, $1)
     WHERE username = $2`,
    [at, username],
  );
  return count !== 0;
}

/** `EnrolmentStore.exempt`. */
export async function exempt(
  connection: Connection,
  { username, since, until, from }: Exemption,
): Promise<void> {
  await connection.run(
    `INSERT INTO openvpn_totp.exemptions (username, since, until, network)
     VALUES ($1, $2, $3, $4)
     ON CONFLICT (username) DO UPDATE
       SET since = excluded.since, until = excluded.until, network = excluded.network`,
    [username, since, until, from],
  );
  await addSimilarNames(connection, [username]);
}

/** `EnrolmentStore.endExemption`. */
export async function endExemption(connection: Connection, username: string): Promise<boolean> {
  const { count } = await connection.run(
    "DELETE FROM openvpn_totp.exemptions WHERE username = $1",
    [username],
  );
  await removeSimilarName(connection, username);
  return count !== 0;
}

/** `EnrolmentStore.delete`. All parts of the statement see the tables as they were before it. */
export async function deleteUser(
  connection: Connection,
  username: string,
  now: EpochMs,
): Promise<DeletedUser | null> {
  const { rows } = await connection.run(
    `WITH enrolment AS (
       DELETE FROM openvpn_totp.enrolments WHERE username = $1 RETURNING username
     ), exemption AS (
       DELETE FROM openvpn_totp.exemptions WHERE username = $1 RETURNING username
     ), name AS (
       DELETE FROM openvpn_totp.similar_names WHERE similarity_key = $2 AND username = $1
     ), places AS (
       DELETE FROM openvpn_totp.known_places WHERE username = $1
     ), sessions AS (
       DELETE FROM openvpn_totp.uncoded_sessions WHERE username = $1
     )
     SELECT (SELECT count(*) FROM enrolment) AS enrolments,
       (SELECT count(*) FROM exemption) AS exemptions,
       (SELECT count(*) FROM openvpn_totp.challenges
        WHERE username = $1 AND answer IS NULL AND created_at <= $3 AND expires_at > $3) AS pending`,
    [username, similarityKey(username), now],
  );
  const { enrolments, exemptions, pending } = rows[0] as Record<string, number>;
  return enrolments === 0 && exemptions === 0 ? null : {
    wasEnrolled: enrolments !== 0,
    wasExempt: exemptions !== 0,
    pendingChallenges: pending!,
  };
}
