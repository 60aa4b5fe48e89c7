import type { Redacted } from "../../text/redacted.ts";
import { shownSecret } from "./secret.ts";
import { COMMON_PARAMETERS, type TotpParameters } from "../../core/totp_parameters.ts";

/**
 * The URI that gives an authenticator app its secret (Google Authenticator's Key URI Format), with
 * the parameters in the order of `pyotp`, which the older script used. Parameters equal to {@link
 * COMMON_PARAMETERS} are left out: some apps refuse those that they don't know.
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

/** A user's provisioning URI. */
export function uriOf({ issuer, username, secret, parameters }: {
  issuer: string;
  username: string;
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
}): string {
  return provisioningUri(issuer, username, shownSecret(secret), parameters);
}

function uncommon({ algorithm, digits, periodSeconds }: TotpParameters): string {
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

/** A URI's path may contain slashes; one at its end is often dropped, so it stays encoded. */
function encodeLabel(text: string): string {
  return encode(text).replace(/%2F(?!$)/g, "/");
}
