/** Raised for input from OpenVPN or the configuration. */
export type CallFailureCode = "bad_setting" | "bad_call" | "bad_username";

/** Raised for the machine: libraries, PAM's configuration, files and directories. */
export type MachineFailureCode =
  | "library_missing"
  | "pam_service_missing"
  | "file_error"
  | "untrusted_path"
  | "helper_lost";

/** Raised for the key file. */
export type KeyFailureCode = "key_missing" | "key_wrong" | "key_error";

/** Raised by the store. */
export type StoreFailureCode =
  | "database_missing"
  | "database_foreign"
  | "database_newer"
  | "database_locked"
  | "database_readonly"
  | "database_full"
  | "database_corrupt"
  | "database_denied"
  | "database_error"
  | "database_unread"
  | "database_unreachable"
  | "database_refused"
  | "database_older"
  | "already_enrolled"
  | "challenge_exists"
  | "secret_changed";

/** Raised by administrators' commands only, never in a login. */
export type CommandFailureCode =
  | "not_enrolled"
  | "not_exempt"
  | "input_error"
  | "output_error"
  | "config_error"
  | "problems_found"
  | "service_unreachable"
  | "cancelled"
  | "usage";

/** What can go wrong around a decision; in a login, each of these means a refusal. */
export type FailureCode =
  | CallFailureCode
  | MachineFailureCode
  | KeyFailureCode
  | StoreFailureCode
  | CommandFailureCode;

/**
 * Something that could not be done: a code for programs, and for people one line that says what
 * failed, on what, and what to do. It never contains a password, a secret or a code.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A failure of another machine, or of the way there: it may be over soon, so clients come back. */
export class PassingFailure extends Failure {}

/**
 * Says whether an error comes from the operating system (`errno`). Such an error's message names
 * only the call and its path.
 */
export function isSystemError(
  error: unknown,
): error is Error & { code: string } {
  return error instanceof Error && "code" in error &&
    typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code);
}
