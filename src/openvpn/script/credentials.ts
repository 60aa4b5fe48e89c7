import { Failure } from "../../core/failure.ts";
import { Redacted } from "../../text/redacted.ts";
import { type Credentials, readUsername } from "../credentials.ts";
import { readBoundedFile } from "../../system/bounded_file.ts";

/** Longest credentials file that is read; OpenVPN itself passes on less than 8 KiB. */
const MAX_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads the file of `auth-user-pass-verify … via-file`: username and password, each on a line.
 *
 * @throws Failure if the file cannot be read or does not have that form
 */
export function readCredentialsFile(path: string): Credentials {
  return parseCredentials(readBoundedFile(path, MAX_BYTES));
}

/**
 * Splits the two lines; the password stays bytes, and its line end may be missing.
 *
 * @throws Failure `bad_call`, `bad_username`
 */
export function parseCredentials(
  content: Uint8Array<ArrayBuffer>,
): Credentials {
  const usernameEnd = content.indexOf(NEWLINE);
  if (usernameEnd === -1) {
    throw new Failure(
      "bad_call",
      "the credentials file has no second line: expected the username and the password, each on a line",
    );
  }
  const rest = content.subarray(usernameEnd + 1);
  const passwordEnd = rest.indexOf(NEWLINE);
  return makeCredentials(
    content.subarray(0, usernameEnd),
    passwordEnd === -1 ? rest : rest.subarray(0, passwordEnd),
  );
}

/**
 * Makes credentials from the variables of `auth-user-pass-verify … via-env`.
 *
 * @param password null if OpenVPN set none
 * @throws Failure `bad_call`, `bad_username`
 */
export function makeCredentials(
  username: Uint8Array<ArrayBuffer> | null,
  password: Uint8Array<ArrayBuffer> | null,
): Credentials {
  if (username === null || password === null) {
    throw new Failure(
      "bad_call",
      "OpenVPN passed neither a credentials file nor the variables username and password: " +
        "use auth-user-pass-verify with via-file (or via-env with script-security 3)",
    );
  }
  return {
    username: readUsername(username),
    password: new Redacted(password),
  };
}
