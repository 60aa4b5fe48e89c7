import { shownRecoveryCode } from "../../core/code.ts";
import type { Redacted } from "../../text/redacted.ts";
import type { TotpParameters } from "../../core/totp_parameters.ts";
import { uriOf } from "../enrolment/provisioning_uri.ts";
import { shownSecret } from "../enrolment/secret.ts";

/** What a user is given to set an authenticator app up with. Whoever has it makes the user's codes. */
export interface Handout {
  username: string;
  /** Name that the app shows. */
  issuer: string;
  /** Base32, without padding. */
  secret: string;
  /** The provisioning URI. */
  uri: string;
  parameters: TotpParameters;
  /** As people read them; none where they aren't given. */
  recoveryCodes: readonly string[];
}

/**
 * What a user gets, in words.
 *
 * @param user recovery codes are without their dashes
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
