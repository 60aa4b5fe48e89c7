import type { ClientKey } from "./client_event.ts";

/** Longest command line that OpenVPN reads whole, in bytes without its end. */
export const MAX_COMMAND_BYTES = 1023;

/** Longest parameter that OpenVPN takes, in bytes; it refuses a line with a longer one. */
export const MAX_PARAMETER_BYTES = 256;

/** Lets a client in. */
export function clientAuth({ cid, kid }: ClientKey): string {
  return `client-auth-nt ${cid} ${kid}`;
}

/**
 * Refuses a client.
 *
 * @param reason for OpenVPN's log
 * @param told what the client is told after `AUTH_FAILED,`; null for nothing
 */
export function clientDeny({ cid, kid }: ClientKey, reason: string, told: string | null): string {
  const command = `client-deny ${cid} ${kid} ${quotedParameter(reason)}`;
  return told === null ? command : `${command} ${quotedParameter(told)}`;
}

/**
 * Has a client asked for something.
 *
 * @param extra such as `CR_TEXT:R,E:<text>`
 * @param seconds how long the client has
 */
export function clientPendingAuth(
  { cid, kid }: ClientKey,
  extra: string,
  seconds: number,
): string {
  return `client-pending-auth ${cid} ${kid} ${quotedParameter(extra)} ${seconds}`;
}

/**
 * One parameter of a command. Within double quotes, OpenVPN takes a backslash before a character for
 * that character itself. A control character would end the line or be lost, so none is passed on.
 */
function quotedParameter(text: string): string {
  // deno-lint-ignore no-control-regex
  return `"${text.replace(/[\x00-\x1f\x7f]/g, "?").replace(/[\\"]/g, "\\$&")}"`;
}
