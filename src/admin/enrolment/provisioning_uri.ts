import type { Redacted } from "../../text/redacted.ts";
import { shownSecret } from "./secret.ts";
import { COMMON_PARAMETERS, type TotpParameters } from "../../core/totp_parameters.ts";

/**
 * The URI that authenticator apps take a secret from (Key URI Format of Google Authenticator), with
 * the parameters and their order as `pyotp` writes them: what the users of the older script have.
 * What is as in {@link COMMON_PARAMETERS} is left out: some apps refuse what they don't know.
 *
 * @param secret base32, without padding
 */
export function provisioningUri(
  issuer: string,
  username: string,
  secret: string,
  parameters: TotpParameters = COMMON_PARAMETERS,
): string {
  const label = `${encodeLabel(issuer)}:${encodeLabel(username)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encode(issuer)}` +
    uncommon(parameters);
}

/** The provisioning URI of what a user gets. */
export function uriOf({ issuer, username, secret, parameters }: {
  issuer: string;
  username: string;
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
}): string {
  return provisioningUri(issuer, username, shownSecret(secret), parameters);
}

function uncommon(
  { algorithm, digits, periodSeconds }: TotpParameters,
): string {
  return [
    algorithm === COMMON_PARAMETERS.algorithm ? "" : `&algorithm=${algorithm}`,
    digits === COMMON_PARAMETERS.digits ? "" : `&digits=${digits}`,
    periodSeconds === COMMON_PARAMETERS.periodSeconds ? "" : `&period=${periodSeconds}`,
  ].join("");
}

/** Percent-encodes all but RFC 3986's unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A slash may stand in a URI's path. */
function encodeLabel(text: string): string {
  return encode(text).replaceAll("%2F", "/");
}
