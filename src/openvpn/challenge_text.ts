/** Flags of a challenge: a response is required, and may be shown while it is typed. */
const FLAGS = "R,E";

/**
 * The request for a code on the client's own connection (management-notes.txt of OpenVPN, "crtext").
 *
 * @param text at most 234 bytes, on one line
 */
export function crText(text: string): string {
  return `CR_TEXT:${FLAGS}:${text}`;
}

/**
 * A dynamic challenge, which the client receives after `AUTH_FAILED,`: it connects again with its
 * answer (management-notes.txt of OpenVPN, "Challenge/Response Protocol").
 *
 * @param stateId what the answer must contain; without colons
 */
export function dynamicChallenge(
  { stateId, username, text }: { stateId: string; username: string; text: string },
): string {
  const base64 = new TextEncoder().encode(username).toBase64();
  return `CRV1:${FLAGS}:${stateId}:${base64}:${text}`;
}
