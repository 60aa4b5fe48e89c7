import { Failure, type FailureCode } from "../../core/failure.ts";

/** SQLite's primary result codes that have an advice of their own (sqlite.org/rescode.html). */
const ADVICE: Record<number, [FailureCode, string]> = {
  5: [
    "database_locked",
    "is locked by another process: try again; `fuser` names who holds it",
  ],
  8: [
    "database_readonly",
    "cannot be written: check the mode, the owner and whether the file system is read-only",
  ],
  11: [
    "database_corrupt",
    "is corrupt: restore it from a backup, or move it away and enrol again",
  ],
  13: [
    "database_full",
    "cannot grow, the disk is full: free some space; nothing was changed",
  ],
  26: [
    "database_corrupt",
    "is not a database: restore it from a backup, or move it away and enrol again",
  ],
};

/**
 * Runs something that uses the database and turns what it throws into a `Failure` that names the
 * file, what is wrong and what to do. A `Failure` passes as it is.
 */
export function failureOf(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error;
  if (
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) {
    const advice = Deno.uid() === 0
      ? "check the directory's mode and the security module's log"
      : "run it as root (sudo)";
    return new Failure(
      "database_denied",
      `no permission to open ${path}: ${advice}`,
    );
  }
  const code = errcode(error);
  const advice = code === undefined ? undefined : ADVICE[code & 0xff];
  if (advice) return new Failure(advice[0], `${path} ${advice[1]}`);
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(
    "database_error",
    `the database ${path} failed: ${message}`,
  );
}

function errcode(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  return "errcode" in error && typeof error.errcode === "number"
    ? error.errcode
    : undefined;
}
