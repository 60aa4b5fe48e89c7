import type { Redacted } from "../text/redacted.ts";

/** What a client logs in with. */
export interface Credentials {
  username: string;
  /** The bytes as they came; a password need not be UTF-8. */
  password: Redacted<Uint8Array<ArrayBuffer>>;
}
