/**
 * How a client is asked for the code, in OpenVPN's own terms. `append` is not an OpenVPN challenge:
 * the user types the code together with the password.
 */
export const CHALLENGE_METHODS = [
  "crtext",
  "static",
  "dynamic",
  "append",
] as const;

/** One of {@link CHALLENGE_METHODS}. */
export type ChallengeMethod = typeof CHALLENGE_METHODS[number];

/** What is known about a client before it is asked. */
export interface ClientAbilities {
  /** It announces `crtext` in its `IV_SSO`. */
  knowsCrtext: boolean;
  /** Its password came with a non-empty answer to a static challenge. */
  sentStatic: boolean;
  /** The password it sent could have a code at its end (or beginning). */
  mayHaveAppended: boolean;
}

/**
 * Chooses how to get the code from a client: the first allowed method that the client supports. If
 * the client already sent a static answer, that is used before anything is asked. Support for the
 * dynamic challenge cannot be detected beforehand; every client since OpenVPN 2.2 has it.
 *
 * @param allowed the methods in the order to try them
 * @returns null if no method fits
 */
export function chooseMethod(
  client: ClientAbilities,
  allowed: readonly ChallengeMethod[],
): ChallengeMethod | null {
  if (client.sentStatic && allowed.includes("static")) return "static";
  const can: Record<ChallengeMethod, boolean> = {
    crtext: client.knowsCrtext,
    static: false,
    dynamic: true,
    append: client.mayHaveAppended && !client.sentStatic,
  };
  return allowed.find((method) => can[method]) ?? null;
}
