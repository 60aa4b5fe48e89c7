import { shownRecoveryCode } from "../../core/code.ts";
import type { Redacted } from "../../text/redacted.ts";
import type { TotpParameters } from "../../core/totp_parameters.ts";
import { uriOf } from "../enrolment/provisioning_uri.ts";
import { shownSecret } from "../enrolment/secret.ts";

/** What a user gets to set up an authenticator app. Anyone who has it can make the user's codes. */
export interface Handout {
  username: string;
  /** The name that the app shows. */
  issuer: string;
  /** Base32, without padding. */
  secret: string;
  /** The provisioning URI. */
  uri: string;
  parameters: TotpParameters;
  /** As people read them. */
  recoveryCodes: readonly string[];
}

/**
 * Writes out what a user gets.
 *
 * @param user with recovery codes without their dashes
 */
export function handoutOf(user: {
  username: string;
  issuer: string;
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
  recoveryCodes: readonly string[];
}): Handout {
  const { username, issuer, parameters } = user;
  return {
    username,
    issuer,
    parameters,
    secret: shownSecret(user.secret),
    uri: uriOf(user),
    recoveryCodes: user.recoveryCodes.map(shownRecoveryCode),
  };
}
