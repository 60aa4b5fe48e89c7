import type { EpochMs } from "./epoch.ts";
import { networkOf, networksOf } from "./network.ts";
import { foldedName } from "./username.ts";

/** Failed logins from one place, by a wrong password or a wrong code. */
export interface PlaceFailures {
  /** How many counted after the last one; quiet time before it has taken some back, in part too. */
  level: number;
  lastAt: EpochMs;
  /** When quiet time will have taken all of them back. */
  goneAt: EpochMs;
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
  /** In this time, one failure is taken back, in milliseconds. */
  takenBackAfterMs: number;
}

/** The places that a failed login counts against. */
export interface Places {
  /** The username, as it was given, from its network. */
  pair: ThrottleScope;
  /** The same where the user is known, so that the networks count none of its failures. */
  knownPair: ThrottleScope;
  /**
   * All spellings of the name that PAM may take for the same user, from the same network: they share
   * the guesses.
   */
  spelling: ThrottleScope;
  /** The networks that the client is in, the narrowest first; none if its address is unknown. */
  networks: ThrottleScope[];
}

/**
 * How many times the failures of one user are free in a network, and how many times as fast they are
 * taken back: in an office behind one address; in a /24 of IPv4 or a /56; in a /48.
 */
const WIDTHS = {
  narrow: { free: 5, pace: 1 },
  "24": { free: 20, pace: 4 },
  "56": { free: 20, pace: 4 },
  "48": { free: 80, pace: 8 },
};

/** Less of a failure than this is what rounding left. */
const LEAST = 1e-6;

/**
 * The places that a failed login counts against: the username from its network, and the networks.
 * It never counts against the username alone: otherwise strangers could make its owner wait.
 */
export function placesOf(loginName: string, address: string | null, rule: ThrottleRule): Places {
  const key = pairKey(loginName, address);
  return {
    pair: scopeOf(key, rule),
    knownPair: scopeOf(`known ${key}`, rule),
    spelling: scopeOf(`spelling ${networkOf(address)} ${foldedName(loginName)}`, rule),
    networks: networksOf(address).map((network) => scopeOf(`network ${network}`, rule)),
  };
}

/** How failures are counted at a place. */
export function scopeOf(key: string, rule: ThrottleRule): ThrottleScope {
  const { free, pace } = widthOf(key);
  return {
    key,
    freeFailures: rule.freeFailures * free,
    maxWaitSeconds: rule.maxWaitSeconds,
    takenBackAfterMs: rule.maxWaitSeconds * 1000 / pace,
  };
}

function widthOf(key: string): { free: number; pace: number } {
  if (isPair(key)) return { free: 1, pace: 1 };
  const [, length] = key.match(/\/(24|56|48)$/) ?? [];
  return length === undefined ? WIDTHS.narrow : WIDTHS[length as keyof typeof WIDTHS];
}

/** Says whether a place is a user from their network, and not a network. */
export function isPair(key: string): boolean {
  return /^(user|known user|spelling) /.test(key);
}

/** The key of a user, by the name as it was given, and their network. */
export function pairKey(loginName: string, address: string | null): string {
  return `user ${networkOf(address)} ${loginName}`;
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
  if (failures === null) return 0;
  // What counted after the last failure decides: quiet time does not shorten the wait itself. A failure
  // counts until quiet time has taken back all of it: otherwise one more than the free ones is free.
  const beyond = Math.ceil(failures.level - LEAST) - scope.freeFailures;
  if (beyond < 0) return 0;
  const wait = Math.min(2 ** beyond, scope.maxWaitSeconds);
  const passed = Math.max(0, now - failures.lastAt) / 1000;
  return Math.max(0, Math.ceil(wait - passed));
}

/**
 * How many failures count now: quiet time takes them back at a steady rate, so that one client that
 * fails now and then does not add up for ever.
 */
export function levelAt(
  failures: PlaceFailures | null,
  { takenBackAfterMs }: ThrottleScope,
  now: EpochMs,
): number {
  if (failures === null) return 0;
  const quietMs = Math.max(0, now - failures.lastAt);
  return Math.max(0, failures.level - quietMs / takenBackAfterMs);
}

/** The failures with one more added. */
export function afterFailure(
  failures: PlaceFailures | null,
  scope: ThrottleScope,
  now: EpochMs,
): PlaceFailures {
  return failuresOf(levelAt(failures, scope, now) + 1, scope, now);
}

/** The failures before and after an attempt was counted. */
export interface Counted {
  earlier: PlaceFailures | null;
  counted: PlaceFailures;
}

/**
 * What is left when an attempt that was counted in advance turns out not to be a failure: the
 * earlier failures; or, if others have failed in the meantime, all but what is left of this one.
 *
 * @param current what is stored now
 * @param own how the attempt was counted
 * @returns null if no failures are left
 */
export function takenBack(
  current: PlaceFailures | null,
  own: Counted,
  scope: ThrottleScope,
): PlaceFailures | null {
  const isUntouched = current?.level === own.counted.level &&
    current.lastAt === own.counted.lastAt;
  if (isUntouched || current === null) return isUntouched ? own.earlier : null;
  // Quiet time may have taken back a part of it already: others' failures must not go instead.
  const left = levelAt({ ...own.counted, level: 1 }, scope, current.lastAt);
  return lessened(current, left, scope);
}

/** The failures with some of them taken off; null if none are left. */
export function lessened(
  failures: PlaceFailures | null,
  by: number,
  scope: ThrottleScope,
): PlaceFailures | null {
  if (failures === null || failures.level - by < LEAST) return null;
  return failuresOf(failures.level - by, scope, failures.lastAt);
}

function failuresOf(level: number, scope: ThrottleScope, lastAt: EpochMs): PlaceFailures {
  return { level, lastAt, goneAt: lastAt + Math.ceil(level * scope.takenBackAfterMs) };
}
