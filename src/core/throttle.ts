import type { EpochMs } from "./epoch.ts";

/** Failed logins of one place, by a wrong password or a wrong code. */
export interface PlaceFailures {
  count: number;
  lastAt: EpochMs;
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
  /** The longest wait here, in seconds. */
  maxWaitSeconds: number;
}

/** Without a further failure for so long, the earlier ones are forgotten, in milliseconds. */
export const FORGOTTEN_AFTER_MS = 60 * 60 * 1000;

/** A whole network (an office behind one address) may fail so many times as often as one user. */
const NETWORK_FACTOR = 5;

/** The longest wait of a network, in seconds: in it, others wait for what one of them does. */
const MAX_NETWORK_WAIT_SECONDS = 60;

/** A quiet time of this length takes one failure back, in milliseconds. */
const TAKEN_BACK_AFTER_MS = 10 * 60 * 1000;

/**
 * The places that a failed password counts for: the username from this network, and the network
 * whatever the username, if it is known. Never the username alone: strangers could make its owner
 * wait.
 */
export function throttleScopes(
  loginName: string,
  address: string | null,
  rule: ThrottleRule,
): { user: ThrottleScope; network: ThrottleScope | null } {
  const network = networkOf(address);
  return {
    user: {
      key: `user ${network} ${loginName}`,
      freeFailures: rule.freeFailures,
      maxWaitSeconds: rule.maxWaitSeconds,
    },
    network: address === null ? null : {
      key: `network ${network}`,
      freeFailures: rule.freeFailures * NETWORK_FACTOR,
      maxWaitSeconds: Math.min(rule.maxWaitSeconds, MAX_NETWORK_WAIT_SECONDS),
    },
  };
}

/**
 * How long a place must still wait: after the free failures one second, and twice as long after each
 * further one, up to its longest wait. A clock that was set back leaves the whole wait.
 *
 * @returns seconds, rounded up; 0 for none
 */
export function waitSeconds(
  failures: PlaceFailures | null,
  scope: ThrottleScope,
  now: EpochMs,
): number {
  if (failures === null || failures.count < scope.freeFailures) return 0;
  // By all failures up to the last: quiet inside a wait doesn't shorten it.
  const wait = Math.min(
    2 ** (failures.count - scope.freeFailures),
    scope.maxWaitSeconds,
  );
  const passed = Math.max(0, now - failures.lastAt) / 1000;
  return Math.max(0, Math.ceil(wait - passed));
}

/** What one more failure makes of the earlier ones. */
export function afterFailure(
  failures: PlaceFailures | null,
  now: EpochMs,
): PlaceFailures {
  return { count: countLeft(failures, now) + 1, lastAt: now };
}

/** What counting an attempt has made of the earlier failures. */
export interface Counted {
  earlier: PlaceFailures | null;
  counted: PlaceFailures;
}

/**
 * What is left when an attempt that was counted beforehand turns out to be no failure: the earlier
 * failures, or one less where others have failed meanwhile.
 *
 * @param current what is kept now
 * @param own how the attempt was counted; null where that isn't known
 * @returns null for nothing
 */
export function takenBack(
  current: PlaceFailures | null,
  own: Counted | null,
): PlaceFailures | null {
  if (current === null) return null;
  const isUntouched = current.count === own?.counted.count &&
    current.lastAt === own.counted.lastAt;
  if (isUntouched) return own.earlier;
  return current.count > 1 ? { ...current, count: current.count - 1 } : null;
}

/** What quiet times have left of the failures. */
function countLeft(failures: PlaceFailures | null, now: EpochMs): number {
  if (failures === null) return 0;
  const quietMs = Math.max(0, now - failures.lastAt);
  if (quietMs >= FORGOTTEN_AFTER_MS) return 0;
  const takenBack = Math.floor(quietMs / TAKEN_BACK_AFTER_MS);
  return Math.max(0, failures.count - takenBack);
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
  const prefix = all.slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${prefix.join(":")}::/64`;
}
