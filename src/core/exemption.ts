import { BlockList, isIP } from "node:net";

/** A user who needs no code: a link with nobody at the keyboard. */
export interface Exemption {
  username: string;
  /** When it ends; milliseconds since 1970-01-01T00:00:00Z, null for never. */
  until: number | null;
  /** The network that it holds for, such as `192.0.2.0/24`; null for all. */
  from: string | null;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  since: number;
}

/**
 * Says whether an exemption holds.
 *
 * @param address the client's; without one, an exemption for a network doesn't hold
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 */
export function isExempt(
  exemption: Exemption | null,
  address: string | null,
  nowMs: number,
): boolean {
  if (exemption === null) return false;
  // A clock that was set back to before the exemption is doubt.
  if (nowMs < exemption.since) return false;
  if (exemption.until !== null && nowMs >= exemption.until) return false;
  if (exemption.from === null) return true;
  const isIn = parseNetwork(exemption.from);
  return isIn !== null && address !== null && isIn(address);
}

/**
 * Reads a network in CIDR notation (RFC 4632, RFC 4291), or an address alone.
 *
 * @returns says whether an address is in it; null when the text is no network
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
