import type { Attempt } from "../core/challenge.ts";

/** What OpenVPN says about a client and its connection. */
export interface Client {
  /** Whether it announces `crtext`, and so can be challenged on its connection. */
  knowsCrtext: boolean;
  /** Whether OpenVPN hands out session tokens. */
  hasSessionTokens: boolean;
  /** Whether it is already connected: this is a renegotiation. */
  isConnected: boolean;
}

/** An attempt that begins, and the client that makes it. */
export interface PasswordAttempt extends Attempt {
  client: Client;
}
