import type { Enrolment } from "../core/enrolment.ts";
import type { RestoreChanges, RestoreMoment } from "../core/restore.ts";

/**
 * Makes and opens backups of a store whose database is a file, while logins go on. A database server
 * has tools of its own.
 */
export interface Backups extends Disposable {
  /**
   * Copies the store into an empty file, and makes sure that the copy is whole and opens as a restore
   * would open it.
   *
   * @param to absolute
   * @returns how many users are in it
   * @throws Failure `database_missing` where there is no store; as opening a store, for the copy
   */
  backUp(to: string): Promise<number>;

  /**
   * Opens a copy of a backup, with its schema brought up to date; the backup itself is not touched.
   * The copy is for a moment beside the store, in a directory that is made where there is none.
   *
   * @param path absolute
   * @throws Failure as opening a store; for a database that is in use, or is not whole
   */
  open(path: string): Promise<Backup>;
}

/** An open backup, and the store that it may be restored to. */
export interface Backup extends Disposable {
  /** All enrolments in it, ordered by the bytes of the username. */
  enrolments(): Promise<Enrolment[]>;

  /** Says what restoring it would change. */
  changes(): Promise<RestoreChanges>;

  /**
   * Replaces the store's users by the backup's, in one transaction; makes the store where there is
   * none. What stays as it is now is for `restored` to say; beside that the audit trail stays, if
   * there is one. Challenges that wait for an answer go.
   */
  restore(moment: RestoreMoment): Promise<void>;
}
