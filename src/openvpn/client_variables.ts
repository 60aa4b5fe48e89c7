import type { Attempt } from "../core/challenge.ts";
import type { Client } from "../login/client.ts";
import type { ReadVariable } from "../settings.ts";

/**
 * Reads who is logging in. Without a client certificate, the common name is absent at the password
 * step and empty at the answer; both become null.
 *
 * @param id no other attempt has it
 */
export function readAttempt(read: ReadVariable, id: string, loginName: string): Attempt {
  return {
    id,
    loginName,
    commonName: read("common_name") || null,
    address: readAddress(read),
  };
}

/** The client's address; OpenVPN has a separate variable for IPv6. */
export function readAddress(read: ReadVariable): string | null {
  return read("untrusted_ip") || read("untrusted_ip6") || null;
}

/**
 * Reads what OpenVPN reports about the client. For `crtext` this follows OpenVPN's own rule: a
 * token between commas.
 */
export function readClient(read: ReadVariable): Client {
  return {
    knowsCrtext: (read("IV_SSO") ?? "").split(",").includes("crtext"),
    hasSessionTokens: read("session_id") !== undefined,
    connectedFrom: read("trusted_ip") ?? read("trusted_ip6") ?? null,
  };
}
