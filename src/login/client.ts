import type { Attempt } from "../core/challenge.ts";

/** What OpenVPN says about a client and its connection. */
export interface Client {
  /** It announces `crtext`: it can be challenged on its connection. */
  knowsCrtext: boolean;
  /** OpenVPN gives out session tokens. */
  hasSessionTokens: boolean;
  /** It is connected already: this is a renegotiation. */
  isConnected: boolean;
}

/** An attempt that begins, and the client that makes it. */
export interface PasswordAttempt extends Attempt {
  client: Client;
}
