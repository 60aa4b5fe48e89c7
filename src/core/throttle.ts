import type { EpochMs } from "./epoch.ts";

/** Failed logins from one place, by a wrong password or a wrong code. */
export interface PlaceFailures {
  count: number;
  lastAt: EpochMs;
}

/** How many failures are free, and how long waits can grow. */
export interface ThrottleRule {
  /** How many failures of one username from one network cause no wait. */
  freeFailures: number;
  /** The longest wait, in seconds. */
  maxWaitSeconds: number;
}

/** A place that failures are counted for. */
export interface ThrottleScope {
  key: string;
  /** How many failures here cause no wait. */
  freeFailures: number;
  /** The longest wait here, in seconds. */
  maxWaitSeconds: number;
}

/** After this long without a further failure, the earlier ones are forgotten, in milliseconds. */
export const FORGOTTEN_AFTER_MS = 60 * 60 * 1000;

/** A whole network (an office behind one address) may fail this many times as often as one user. */
const NETWORK_FACTOR = 5;

/**
 * The longest wait for a network, in seconds: in a network, one user's failures make the others
 * wait.
 */
const MAX_NETWORK_WAIT_SECONDS = 60;

/** Each quiet period of this length takes one failure back, in milliseconds. */
const TAKEN_BACK_AFTER_MS = 10 * 60 * 1000;

/**
 * The places that a failed password counts against: the username from this network, and the network
 * itself if it is known. It never counts against the username alone: otherwise strangers could make
 * its owner wait.
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
 * How long a place must still wait: one second after the free failures, and twice as long after
 * each further failure, up to its longest wait. If the clock was set back, the whole wait remains.
 *
 * @returns seconds, rounded up; 0 if there is no wait
 */
export function waitSeconds(
  failures: PlaceFailures | null,
  scope: ThrottleScope,
  now: EpochMs,
): number {
  if (failures === null || failures.count < scope.freeFailures) return 0;
  // All failures up to the last one count: a quiet period inside a wait does not shorten it.
  const wait = Math.min(
    2 ** (failures.count - scope.freeFailures),
    scope.maxWaitSeconds,
  );
  const passed = Math.max(0, now - failures.lastAt) / 1000;
  return Math.max(0, Math.ceil(wait - passed));
}

/** The failures with one more added. */
export function afterFailure(
  failures: PlaceFailures | null,
  now: EpochMs,
): PlaceFailures {
  return { count: countLeft(failures, now) + 1, lastAt: now };
}

/** The failures before and after an attempt was counted. */
export interface Counted {
  earlier: PlaceFailures | null;
  counted: PlaceFailures;
}

/**
 * What is left when an attempt that was counted in advance turns out not to be a failure: the
 * earlier failures, or one fewer than now if others have failed in the meantime.
 *
 * @param current what is stored now
 * @param own how the attempt was counted; null if that is not known
 * @returns null if no failures are left
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

/** How many failures are left after quiet periods have taken some back. */
function countLeft(failures: PlaceFailures | null, now: EpochMs): number {
  if (failures === null) return 0;
  const quietMs = Math.max(0, now - failures.lastAt);
  if (quietMs >= FORGOTTEN_AFTER_MS) return 0;
  const takenBack = Math.floor(quietMs / TAKEN_BACK_AFTER_MS);
  return Math.max(0, failures.count - takenBack);
}

/**
 * What counts as one network: an IPv4 address, or the /64 of an IPv6 address, because every IPv6
 * user has that many addresses.
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
