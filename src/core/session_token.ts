/** What came in the password's place: a token of OpenVPN's `auth-gen-token … external-auth`. */
export interface SessionToken {
  /**
   * When the login began that the token stands for, to the second, in milliseconds since
   * 1970-01-01T00:00:00Z; null where OpenVPN did not verify the token.
   */
  loginAt: number | null;
}
