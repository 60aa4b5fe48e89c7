import type { Attempt } from "../core/challenge.ts";

/** What OpenVPN says about a client and its connection. */
export interface Client {
  /** Whether it announces `crtext`, and so can be challenged on its connection. */
  knowsCrtext: boolean;
  /** Whether OpenVPN hands out session tokens. */
  hasSessionTokens: boolean;
  /**
   * The address that its connection was let in from, if it is already connected: this is a
   * renegotiation. Null for a new connection.
   */
  connectedFrom: string | null;
}

/** An attempt that begins, and the client that makes it. */
export interface PasswordAttempt extends Attempt {
  client: Client;
}
