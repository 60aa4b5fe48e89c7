/**
 * How a client is asked for the code, in OpenVPN's own words; `append` is no challenge of OpenVPN's:
 * the user types the code along with the password.
 */
export const CHALLENGE_METHODS = [
  "crtext",
  "static",
  "dynamic",
  "append",
] as const;

/** One of {@link CHALLENGE_METHODS}. */
export type ChallengeMethod = typeof CHALLENGE_METHODS[number];

/** What is known of a client before it is asked. */
export interface ClientAbilities {
  /** It announces `crtext` in its `IV_SSO`. */
  knowsCrtext: boolean;
  /** Its password came with the answer to a static challenge, which isn't empty. */
  sentStatic: boolean;
  /** Its password could have a code at its end (or beginning). */
  mayHaveAppended: boolean;
}

/**
 * Chooses how to get the code of a client: the first of the allowed methods that it can do. A static
 * answer that is there is taken before anything is asked. Whether a client knows the dynamic
 * challenge can't be told beforehand; every one since OpenVPN 2.2 does.
 *
 * @param allowed in the order to try
 * @returns null when there is none
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
