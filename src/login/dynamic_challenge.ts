/**
 * The `id` of the challenge that a state id stands for: its SHA-256, so that the database does not
 * contain what the answer must present.
 */
export async function attemptIdOfState(stateId: string): Promise<string> {
  const bytes = new TextEncoder().encode(stateId);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `CRV1 ${new Uint8Array(digest).toHex()}`;
}
