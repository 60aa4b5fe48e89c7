/** Exit status of an admin command that could not be done. */
export const COULD_NOT = 1;

/** Exit status of an admin command that was called wrongly. */
export const WRONG_USAGE = 2;

/** What can go wrong around a decision; each is a refusal of the login that it happens in. */
export type FailureCode =
  | "bad_setting"
  | "bad_call"
  | "bad_username"
  | "library_missing"
  | "pam_service_missing"
  | "file_error"
  | "untrusted_path"
  | "key_missing"
  | "key_wrong"
  | "key_error"
  | "database_missing"
  | "database_foreign"
  | "database_newer"
  | "database_locked"
  | "database_readonly"
  | "database_full"
  | "database_corrupt"
  | "database_denied"
  | "database_error"
  | "already_enrolled"
  | "not_enrolled"
  | "not_exempt"
  | "challenge_exists"
  | "input_error"
  | "output_error"
  | "config_error"
  | "problems_found"
  | "cancelled"
  | "usage";

/**
 * Something that could not be done: a code for programs, and for people one line of what failed, on
 * what, and what to do. Never made of a password, a secret or a code.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(message);
    this.code = code;
  }

  /** The exit status that an admin command ends with. */
  get exitStatus(): number {
    return this.code === "usage" ? WRONG_USAGE : COULD_NOT;
  }
}

/**
 * Says whether the operating system refused something (`errno`). Such an error's message names the
 * call and its path, nothing else.
 */
export function isSystemError(
  error: unknown,
): error is Error & { code: string } {
  return error instanceof Error && "code" in error &&
    typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code);
}
