import { Failure } from "../core/failure.ts";
import type { Redacted } from "../text/redacted.ts";

/** What a client logs in with. */
export interface Credentials {
  username: string;
  /** The bytes as they came; a password need not be UTF-8. */
  password: Redacted<Uint8Array<ArrayBuffer>>;
}

/**
 * Reads a username, which must be UTF-8.
 *
 * @throws Failure `bad_username`
 */
export function readUsername(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes,
    );
  } catch {
    throw new Failure("bad_username", "the username is not valid UTF-8");
  }
}
