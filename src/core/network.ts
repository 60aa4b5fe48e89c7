/** The name of the network of clients whose address OpenVPN does not report. */
const UNKNOWN = "unknown";

/** Prefixes of IPv6 addresses that carry an IPv4 address: mapped (RFC 4291), NAT64 (RFC 6052). */
const CARRIERS = [[0, 0, 0, 0, 0, 0xffff], [0x64, 0xff9b, 0, 0, 0, 0]];

/**
 * What counts as one network: an IPv4 address, or the /64 of an IPv6 address, because every IPv6
 * user has that many addresses.
 *
 * @param address IPv4 or IPv6, as OpenVPN reports it; null if it reports none
 */
export function networkOf(address: string | null): string {
  return networksOf(address)[0] ?? UNKNOWN;
}

/**
 * The networks that an address is in, the narrowest first: an IPv4 address and its /24; the /64, /56
 * and /48 of an IPv6 address, as providers give any of these to one customer. An address that
 * carries an IPv4 address is taken as that one: otherwise all clients behind a NAT64 would be one.
 *
 * @returns none for an unknown address
 */
export function networksOf(address: string | null): string[] {
  if (address === null) return [];
  if (!address.includes(":")) return ipv4Networks(address);
  const groups = groupsOf(address);
  const carrier = CARRIERS.find((prefix) => prefix.every((group, i) => group === groups[i]));
  return carrier === undefined ? ipv6Networks(groups) : ipv4Networks(dottedOf(groups));
}

function ipv4Networks(address: string): string[] {
  return [address, `${address.split(".").slice(0, 3).join(".")}.0/24`];
}

function ipv6Networks([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string[] {
  const hex = (groups: number[]) => groups.map((group) => group.toString(16)).join(":");
  return [
    `${hex([a, b, c, d])}::/64`,
    `${hex([a, b, c, d & 0xff00])}::/56`,
    `${hex([a, b, c])}::/48`,
  ];
}

/** The eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const [head = "", tail = ""] = withoutDots(address.split("%")[0]!).split("::");
  const groups = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  if (!address.includes("::")) return groups(head);
  const zeros = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array(Math.max(0, zeros)).fill(0), ...groups(tail)];
}

/** Spells the last 32 bits as two groups, where they are written as an IPv4 address. */
function withoutDots(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (dotted: string) => {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

/** The IPv4 address in the last two groups. */
function dottedOf(groups: readonly number[]): string {
  return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
}
