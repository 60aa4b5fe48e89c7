import type { Attempt } from "../core/challenge.ts";
import type { PasswordAndCode } from "../core/password_form.ts";
import type { Notice } from "./notice.ts";

/** A login with a password, and the way to get its code. */
export interface PasswordRequest extends PasswordAndCode {
  attempt: Attempt;
  /** The address that the connection was let in from; null if it is a new one. */
  connectedFrom: string | null;
  /** What to log once a day for logins that continue with a code; null for nothing. */
  notice: Notice | null;
}
