/** Failed passwords from one place. */
export interface PasswordFailures {
  count: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  lastAt: number;
}

/** After how many failures waits begin, and how long they grow. */
export interface ThrottleRule {
  /** Failures of one username from one network that cost nothing. */
  freeFailures: number;
  /** The longest wait, in seconds. */
  maxWaitSeconds: number;
}

/** A place that failures are counted for. */
export interface ThrottleScope {
  key: string;
  /** Failures here that cost nothing. */
  freeFailures: number;
}

/** Without a further failure for so long, the earlier ones are forgotten, in milliseconds. */
export const FORGOTTEN_AFTER_MS = 60 * 60 * 1000;

/** A whole network (an office behind one address) may fail so many times as often as one user. */
const NETWORK_FACTOR = 5;

/**
 * The places that a failed password counts for: the username from this network, and the network
 * whatever the username. Never the username alone: strangers could make its owner wait.
 */
export function throttleScopes(
  loginName: string,
  address: string | null,
  rule: ThrottleRule,
): { user: ThrottleScope; network: ThrottleScope } {
  const network = networkOf(address);
  return {
    user: {
      key: `user ${network} ${loginName}`,
      freeFailures: rule.freeFailures,
    },
    network: {
      key: `network ${network}`,
      freeFailures: rule.freeFailures * NETWORK_FACTOR,
    },
  };
}

/**
 * How long a place must still wait: after the free failures one second, and twice as long after each
 * further one, up to the longest wait. A clock that was set back leaves the whole wait.
 *
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 * @returns seconds, rounded up; 0 for none
 */
export function waitSeconds(
  failures: PasswordFailures | null,
  scope: ThrottleScope,
  rule: ThrottleRule,
  nowMs: number,
): number {
  if (failures === null || failures.count < scope.freeFailures) return 0;
  // Beyond 2^12 even a second has become longer than the longest allowed.
  const doublings = Math.min(failures.count - scope.freeFailures, 12);
  const wait = Math.min(2 ** doublings, rule.maxWaitSeconds);
  const passed = Math.max(0, nowMs - failures.lastAt) / 1000;
  return Math.max(0, Math.ceil(wait - passed));
}

/** What one more failure makes of the earlier ones. */
export function afterFailure(
  failures: PasswordFailures | null,
  nowMs: number,
): PasswordFailures {
  const isForgotten = failures === null ||
    nowMs - failures.lastAt >= FORGOTTEN_AFTER_MS;
  return { count: isForgotten ? 1 : failures.count + 1, lastAt: nowMs };
}

/**
 * What counts as one network: an IPv4 address, or the /64 of an IPv6 address, since everybody with
 * IPv6 has that many addresses.
 */
export function networkOf(address: string | null): string {
  if (address === null) return "unknown";
  const mapped = address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i);
  if (mapped) return mapped[1]!;
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("%")[0]!.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const zeros = 8 - groups(head).length - groups(tail).length;
  const all = address.includes("::")
    ? [...groups(head), ...Array(Math.max(0, zeros)).fill("0"), ...groups(tail)]
    : groups(head);
  const prefix = all.slice(0, 4).map((group) =>
    parseInt(group, 16).toString(16)
  );
  return `${prefix.join(":")}::/64`;
}
