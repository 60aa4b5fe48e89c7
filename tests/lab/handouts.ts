import type { Handout } from "../../src/admin/handout/handout.ts";
import { provisioningUri } from "../../src/admin/enrolment/provisioning_uri.ts";
import { COMMON_PARAMETERS } from "../../src/core/totp_parameters.ts";

/** The handout of the README's example user. */
export const USUAL_HANDOUT: Handout = {
  username: "exampleuser",
  issuer: "OpenVPN Server",
  secret: "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2",
  uri: provisioningUri(
    "OpenVPN Server",
    "exampleuser",
    "RUWKBBSFCFJAZNPVNCI5RBQQB2K7FJV2",
  ),
  parameters: COMMON_PARAMETERS,
  recoveryCodes: [],
};

/** Ten recovery codes of the usual form. */
export const TEN_CODES: readonly string[] = Array.from(
  { length: 10 },
  (_, i) => `k7mnp-q2rs${i}`,
);

/** A handout with unusual names and everything that it can contain. */
export function fullHandout(
  issuer: string,
  username: string,
  secret = USUAL_HANDOUT.secret,
): Handout {
  const parameters = {
    algorithm: "SHA512",
    digits: 8,
    periodSeconds: 300,
  } as const;
  return {
    issuer,
    username,
    secret,
    parameters,
    uri: provisioningUri(issuer, username, secret, parameters),
    recoveryCodes: TEN_CODES,
  };
}
