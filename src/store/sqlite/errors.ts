import { Failure, type FailureCode, isSystemError } from "../../core/failure.ts";
import { actingUid, isActingForAnother } from "../../system/acting_user.ts";

/** SQLite would play a left-over journal back over the restored backup. */
const RESTORE = "move it away, with its -journal and -wal if there are any, " +
  "then restore a backup or enrol again";

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;

/** A read-only connection has found a journal that it would have to play back. */
const READONLY_ROLLBACK = 776;

/** Advice for SQLite's primary result codes (sqlite.org/rescode.html). */
const ADVICE: Record<number, [FailureCode, string]> = {
  [SQLITE_BUSY]: [
    "database_locked",
    "is locked by another process: try again; `fuser` shows which process holds it",
  ],
  7: [
    "database_error",
    "needs more memory than is free, or than a database of openvpn-totp can need: if enough is " +
    "free, restore a backup",
  ],
  8: [
    "database_readonly",
    "cannot be written: check the mode, the owner and whether the file system is read-only",
  ],
  10: ["database_error", "cannot be read or written: see the kernel's log for the disk's errors"],
  [SQLITE_CORRUPT]: ["database_corrupt", `is corrupt: ${RESTORE}`],
  13: [
    "database_full",
    "cannot grow because the disk is full: free some space; nothing was changed",
  ],
  14: [
    "database_error",
    "cannot be opened: check that its directory and its -journal can be written",
  ],
  26: ["database_corrupt", `is not a database: ${RESTORE}`],
};

/**
 * Turns an error that came up while a database was used into a `Failure` that names the file, what
 * is wrong and what to do. An error that is neither SQLite's nor the system's is passed on unchanged.
 */
export function failureOf(error: unknown, path: string): unknown {
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Failure(
      "database_denied",
      `no permission to open ${path} as uid ${actingUid()}: ${adviceForDenied()}`,
    );
  }
  if (isSqliteError(error)) {
    if (error.errcode === READONLY_ROLLBACK) return interrupted(path);
    return advised((error.errcode ?? 0) & 0xff, path) ?? new Failure(
      "database_error",
      `the database ${path} failed: ${error.message.split("\n")[0]}`,
    );
  }
  return isSystemError(error)
    ? new Failure("database_error", `cannot open ${path}: ${error.message}`)
    : error;
}

/** Says whether an error means that another process holds a lock. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && ((error.errcode ?? 0) & 0xff) === SQLITE_BUSY;
}

/** The error for a database whose pages contradict each other. */
export function corruptDatabase(path: string): Failure {
  return advised(SQLITE_CORRUPT, path)!;
}

/** Null for a result code that there is no advice for. */
function advised(code: number, path: string): Failure | null {
  const advice = ADVICE[code];
  return advice === undefined ? null : new Failure(advice[0], `${path} ${advice[1]}`);
}

function interrupted(path: string): Failure {
  return new Failure(
    "database_unread",
    `${path}-journal was left by an interrupted write, which the next login rolls back`,
  );
}

function adviceForDenied(): string {
  if (isActingForAnother()) {
    return "the file or a directory above it belongs to this user, so the file and those beside it must " +
      "belong to this user, too, and the user must be able to enter its directories";
  }
  return Deno.uid() === 0
    ? "check the modes of its directories, and the security module's log"
    : "run openvpn-totp as root (sudo); where OpenVPN drops its privileges (`user`), see " +
      "totpPrimaryAuth external in docs/codes-only.md";
}

function isSqliteError(error: unknown): error is Error & { errcode?: number } {
  return error instanceof Error && "code" in error &&
    error.code === "ERR_SQLITE_ERROR";
}
