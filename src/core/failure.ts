/** Raised for what OpenVPN or the configuration hands over. */
export type CallFailureCode = "bad_setting" | "bad_call" | "bad_username";

/** Raised by the machine: libraries, PAM's configuration, files and their directories. */
export type MachineFailureCode =
  | "library_missing"
  | "pam_service_missing"
  | "file_error"
  | "untrusted_path";

/** Raised by the key file. */
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
  | "already_enrolled"
  | "challenge_exists";

/** Raised by administrators' commands alone, never in a login. */
export type CommandFailureCode =
  | "not_enrolled"
  | "not_exempt"
  | "input_error"
  | "output_error"
  | "config_error"
  | "problems_found"
  | "cancelled"
  | "usage";

/** What can go wrong around a decision; each is a refusal of the login that it happens in. */
export type FailureCode =
  | CallFailureCode
  | MachineFailureCode
  | KeyFailureCode
  | StoreFailureCode
  | CommandFailureCode;

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
