import type { DatabaseSync } from "node:sqlite";

/** Removes a recovery code; gives whether there was one. */
export function deleteRecoveryCode(
  connection: DatabaseSync,
  username: string,
  mark: string,
): boolean {
  return connection.prepare("DELETE FROM recovery_codes WHERE username = ? AND mark = ?")
    .run(username, mark).changes !== 0;
}

/** Gives a user recovery codes, by their marks. */
export function insertRecoveryCodes(
  connection: DatabaseSync,
  username: string,
  marks: readonly string[],
): void {
  const insert = connection.prepare("INSERT INTO recovery_codes VALUES (?, ?)");
  for (const mark of marks) insert.run(username, mark);
}

/** `EnrolmentStore.replaceRecoveryCodes`. */
export function replaceRecoveryCodes(
  connection: DatabaseSync,
  username: string,
  marks: readonly string[],
): void {
  connection.prepare("DELETE FROM recovery_codes WHERE username = ?").run(username);
  insertRecoveryCodes(connection, username, marks);
}
