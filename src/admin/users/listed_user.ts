import type { EpochMs } from "../../core/epoch.ts";
import type { Challenge } from "../../core/challenge.ts";
import { type Exemption, isInForce } from "../../core/exemption.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import { type HeldCodes, heldCodesOf } from "./held_codes.ts";
import type { PlaceCodes } from "../../store/store.ts";

/**
 * A user who is enrolled, exempt, or both. Of one who isn't enrolled, only the exemption is known.
 */
export interface ListedUser extends HeldCodes {
  username: string;
  issuer: string | null;
  enrolledAt: EpochMs | null;
  /** The last login with a code. */
  lastLoginAt: EpochMs | null;
  /** The last login that needed no code. */
  lastUncodedLoginAt: EpochMs | null;
  disabledAt: EpochMs | null;
  recoveryCodesLeft: number;
  pendingChallenges: number;
  exemption: Exemption | null;
}

/** Which users to list: those who match all that is set. */
export interface UserFilter {
  neverUsed?: boolean;
  locked?: boolean;
  disabled?: boolean;
  exempt?: boolean;
  /** Length of time without a login, in milliseconds. */
  idleMs?: number;
}

/** What is stored about all users. */
export interface StoredUsers {
  enrolments: readonly Enrolment[];
  exemptions: readonly Exemption[];
  challenges: readonly Challenge[];
  places: readonly PlaceCodes[];
}

/** Puts together what is known about each user, sorted by username. */
export function listedUsers(
  { enrolments, exemptions, challenges, places }: StoredUsers,
  now: EpochMs,
): ListedUser[] {
  const codesOf = Map.groupBy(places, ({ username }) => username);
  const pending = new Map<string, number>();
  for (const { username } of challenges) {
    pending.set(username, (pending.get(username) ?? 0) + 1);
  }
  const exempt = new Map(exemptions.map((one) => [one.username, one]));
  const users = enrolments.map((enrolment): ListedUser => ({
    username: enrolment.username,
    issuer: enrolment.issuer,
    enrolledAt: enrolment.enrolledAt,
    lastLoginAt: enrolment.lastLoginAt,
    lastUncodedLoginAt: enrolment.uncodedLoginAt,
    disabledAt: enrolment.disabledAt,
    ...heldCodesOf(enrolment, codesOf.get(enrolment.username) ?? [], now),
    recoveryCodesLeft: enrolment.recoveryCodes,
    pendingChallenges: pending.get(enrolment.username) ?? 0,
    exemption: exempt.get(enrolment.username) ?? null,
  }));
  const enrolled = new Set(users.map(({ username }) => username));
  const others = exemptions.filter(({ username }) => !enrolled.has(username))
    .map(unenrolled);
  return [...users, ...others].sort(byName);
}

/** The user's last login, with or without a code. */
export function lastLoginOf(user: ListedUser): number | null {
  const { lastLoginAt, lastUncodedLoginAt } = user;
  return lastLoginAt === null || lastUncodedLoginAt === null
    ? lastLoginAt ?? lastUncodedLoginAt
    : Math.max(lastLoginAt, lastUncodedLoginAt);
}

/** Says whether a user has an exemption that has begun and not ended. */
export function isExemptNow({ exemption }: ListedUser, now: EpochMs): boolean {
  return isInForce(exemption, now);
}

/**
 * Says whether a user is to be listed. Nothing is known about logins of users who aren't enrolled.
 */
export function matches(user: ListedUser, filter: UserFilter, now: EpochMs): boolean {
  const lastLogin = lastLoginOf(user);
  const lastSeen = lastLogin ?? user.enrolledAt;
  return (!filter.neverUsed || lastLogin === null && lastSeen !== null) &&
    (!filter.locked || user.lockedUntil !== null) &&
    (!filter.disabled || user.disabledAt !== null) &&
    (!filter.exempt || isExemptNow(user, now)) &&
    (filter.idleMs === undefined ||
      lastSeen !== null && lastSeen < now - filter.idleMs);
}

/** Orders users by username. */
export function byName(a: ListedUser, b: ListedUser): number {
  return a.username < b.username ? -1 : 1;
}

function unenrolled(exemption: Exemption): ListedUser {
  return {
    username: exemption.username,
    issuer: null,
    enrolledAt: null,
    lastLoginAt: null,
    lastUncodedLoginAt: null,
    disabledAt: null,
    lockedUntil: null,
    wrongCodes: 0,
    recoveryCodesLeft: 0,
    pendingChallenges: 0,
    exemption,
  };
}
