import type { Attempt } from "../core/challenge.ts";
import type { PasswordAndCode } from "../core/password_form.ts";
import type { Notice } from "./notice.ts";

/** A login with a password, and with the way to its code. */
export interface PasswordRequest extends PasswordAndCode {
  attempt: Attempt;
  /** What to say once a day of logins that go on to a code; null for nothing. */
  notice: Notice | null;
}
