import type { Attempt } from "./challenge.ts";
import { type Refused, refused } from "./verdict.ts";

/** How the login name must agree with the common name of the client's certificate. */
export const COMMON_NAME_RULES = ["any", "same", "same-ignoring-case"] as const;

/** One of {@link COMMON_NAME_RULES}. */
export type CommonNameRule = typeof COMMON_NAME_RULES[number];

/**
 * Says why a client may not log in under a name: its certificate is not that user's. This needs no
 * password, so it comes before one is looked at, and no such attempt is a guess.
 *
 * The name is the one given at the login: what PAM makes of it does not count.
 *
 * @returns the refusal, or null
 */
export function objectionToCommonName(
  { loginName, commonName }: Pick<Attempt, "loginName" | "commonName">,
  rule: CommonNameRule,
): Refused | null {
  if (rule === "any" || commonName !== null && isSame(loginName, commonName, rule)) return null;
  const what = commonName === null
    ? "the client has no certificate with a common name"
    : "the login name is not the common name of the client's certificate";
  return refused("common_name_mismatch", `${what}, but totpCommonName ${rule} requires it`);
}

/** Case alone is ignored, and not what else Unicode's folding does: `ß` stays apart from `ss`. */
function isSame(loginName: string, commonName: string, rule: CommonNameRule): boolean {
  return loginName === commonName ||
    rule === "same-ignoring-case" && loginName.toLowerCase() === commonName.toLowerCase();
}
