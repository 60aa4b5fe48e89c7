/** Number of random bytes in a state id: enough that nobody can guess it. */
const STATE_ID_BYTES = 24;

/** Makes a state id for a dynamic challenge: 32 characters of base64url, which has no colon. */
export function newStateId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(STATE_ID_BYTES));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
