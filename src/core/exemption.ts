import { BlockList, isIP } from "node:net";
import { type EpochMs, wasSetBack } from "./epoch.ts";

/** A user who needs no code, such as a site-to-site link with nobody at the keyboard. */
export interface Exemption {
  username: string;
  since: EpochMs;
  /** When the exemption ends; null if it never does. */
  until: EpochMs | null;
  /** The network that it holds for, such as `192.0.2.0/24`; null for all networks. */
  from: string | null;
}

/**
 * Says whether an exemption has begun and not ended, regardless of the user's address. If the clock
 * was set back to well before the exemption, the time is in doubt, so the exemption does not hold.
 */
export function isInForce(
  exemption: Exemption | null,
  now: EpochMs,
): exemption is Exemption {
  return exemption !== null && !wasSetBack(exemption.since, now) &&
    (exemption.until === null || now < exemption.until);
}

/**
 * Says whether an exemption holds for a login.
 *
 * @param address the client's address; without one, an exemption for a network does not hold
 */
export function exemptionHolds(
  exemption: Exemption | null,
  address: string | null,
  now: EpochMs,
): boolean {
  if (!isInForce(exemption, now)) return false;
  if (exemption.from === null) return true;
  const isInNetwork = parseNetwork(exemption.from);
  return isInNetwork !== null && address !== null && isInNetwork(address);
}

/**
 * Reads a network in CIDR notation (RFC 4632, RFC 4291), or a single address.
 *
 * @returns a function that says whether an address is in it; null if the text is not a network
 */
export function parseNetwork(
  text: string,
): ((address: string) => boolean) | null {
  const [, address = "", length] = text.match(/^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/) ?? [];
  const version = isIP(address);
  const all = version === 4 ? 32 : 128;
  const prefix = length === undefined ? all : Number(length);
  if (version === 0 || prefix > all) return null;
  const list = new BlockList();
  list.addSubnet(address, prefix, familyOf(address));
  return (other) => isIP(other) !== 0 && list.check(other, familyOf(other));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
