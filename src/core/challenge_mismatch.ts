import { quoted } from "../text/printable.ts";
import type { Attempt, Challenge } from "./challenge.ts";
import { type Refused, refused } from "./verdict.ts";

/**
 * The refusal of an answer that came from somebody or somewhere else than the challenge went to. Its
 * detail says what differs.
 *
 * @param bindsAddress whether the address must be the one that was challenged (`totpBindAddress`)
 */
export function refusedMismatch(
  challenge: Challenge,
  from: Attempt,
  bindsAddress: boolean,
): Refused {
  const isOtherAddress = bindsAddress && from.address !== challenge.address;
  const isOtherLogin = from.loginName !== challenge.loginName;
  // The login name may have replaced the common name (username-as-common-name), but not where
  // nothing else differs: then that was the objection.
  const isOtherCommonName = from.commonName !== challenge.commonName &&
    (from.commonName !== challenge.loginName || !isOtherAddress && !isOtherLogin);
  const differences = [
    isOtherAddress && difference("address", from.address, challenge.address),
    isOtherLogin && difference("login name", from.loginName, challenge.loginName),
    isOtherCommonName && difference("common name", from.commonName, challenge.commonName),
  ].filter((text) => text !== false);
  const detail = `the answer came with ${differences.join(" and ")}`;
  const isAddressAlone = isOtherAddress && differences.length === 1;
  return refused("challenge_mismatch", isAddressAlone ? detail + ADVICE : detail);
}

const ADVICE = "; if clients change between IPv4 and IPv6, or between networks, during a login, " +
  "set totpBindAddress no";

function difference(what: string, value: string | null, instead: string | null): string {
  const shown = value === null ? `no ${what}` : `${what} ${quoted(value)}`;
  return `${shown} instead of ${instead === null ? "none" : quoted(instead)}`;
}
