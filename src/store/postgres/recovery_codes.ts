import type { Enrolment } from "../../core/enrolment.ts";
import type { Connection } from "./connection.ts";

/** Removes a recovery code; gives whether there was one. */
export async function deleteRecoveryCode(
  connection: Connection,
  username: string,
  mark: string,
): Promise<boolean> {
  const { count } = await connection.run(
    "DELETE FROM openvpn_totp.recovery_codes WHERE username = $1 AND mark = $2",
    [username, mark],
  );
  return count !== 0;
}

/** A recovery code of a user, by its mark. */
export interface MarkedCode {
  username: string;
  mark: string;
}

/** Gives users recovery codes. */
export async function insertRecoveryCodes(
  connection: Connection,
  codes: readonly MarkedCode[],
): Promise<void> {
  if (codes.length === 0) return;
  await connection.run(
    `INSERT INTO openvpn_totp.recovery_codes (username, mark)
     SELECT given.username, given.mark
     FROM unnest($1::text[], $2::text[]) AS given (username, mark)`,
    [codes.map(({ username }) => username), codes.map(({ mark }) => mark)],
  );
}

/** `EnrolmentStore.replaceRecoveryCodes`. */
export async function replaceRecoveryCodes(
  connection: Connection,
  { username, secret }: Enrolment,
  marks: readonly string[],
): Promise<boolean> {
  const { count } = await connection.run(
    "SELECT 1 FROM openvpn_totp.enrolments WHERE username = $1 AND secret = $2",
    [username, secret.bytes],
  );
  if (count === 0) return false;
  await connection.run("DELETE FROM openvpn_totp.recovery_codes WHERE username = $1", [username]);
  await insertRecoveryCodes(connection, marks.map((mark) => ({ username, mark })));
  return true;
}

/** `EnrolmentStore.hasRecoveryCode`. */
export async function hasRecoveryCode(
  connection: Connection,
  username: string,
  mark: string,
): Promise<boolean> {
  const { count } = await connection.run(
    "SELECT 1 FROM openvpn_totp.recovery_codes WHERE username = $1 AND mark = $2",
    [username, mark],
  );
  return count !== 0;
}
