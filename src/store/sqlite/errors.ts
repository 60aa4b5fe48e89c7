import { Failure, type FailureCode, isSystemError } from "../../core/failure.ts";

/** SQLite would play a left-over journal back over the restored backup. */
const RESTORE = "move it away, with its -journal and -wal if there are any, " +
  "then restore a backup or enrol again";

/** Advice for SQLite's primary result codes (sqlite.org/rescode.html). */
const ADVICE: Record<number, [FailureCode, string]> = {
  5: [
    "database_locked",
    "is locked by another process: try again; `fuser` shows which process holds it",
  ],
  8: [
    "database_readonly",
    "cannot be written: check the mode, the owner and whether the file system is read-only",
  ],
  10: ["database_error", "cannot be read or written: see the kernel's log for the disk's errors"],
  11: ["database_corrupt", `is corrupt: ${RESTORE}`],
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
    const advice = Deno.uid() === 0
      ? "check the modes of its directories, and the security module's log"
      : "run openvpn-totp as root (sudo); where OpenVPN drops its privileges (`user`), see totpPrimaryAuth " +
        "external in the README";
    return new Failure(
      "database_denied",
      `no permission to open ${path} as uid ${Deno.uid()}: ${advice}`,
    );
  }
  if (isSqliteError(error)) {
    const advice = ADVICE[(error.errcode ?? 0) & 0xff];
    return advice ? new Failure(advice[0], `${path} ${advice[1]}`) : new Failure(
      "database_error",
      `the database ${path} failed: ${error.message.split("\n")[0]}`,
    );
  }
  return isSystemError(error)
    ? new Failure("database_error", `cannot open ${path}: ${error.message}`)
    : error;
}

function isSqliteError(error: unknown): error is Error & { errcode?: number } {
  return error instanceof Error && "code" in error &&
    error.code === "ERR_SQLITE_ERROR";
}
