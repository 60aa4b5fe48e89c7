import type { EpochMs } from "../../core/epoch.ts";
import { type Exemption, isInForce } from "../../core/exemption.ts";
import { type HeldCodes, heldCodesOf } from "./held_codes.ts";
import type { PlaceCodes, StoredUser } from "../../store/store.ts";

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

/** What is known of users beside themselves: little, however many users there are. */
export interface Surroundings {
  /** How many challenges wait for each user's answer. */
  pending: ReadonlyMap<string, number>;
  /** The wrong codes from places where each user is known. */
  places: ReadonlyMap<string, readonly PlaceCodes[]>;
}

/** Puts together what is known about a user. */
export function listedUser(
  { username, enrolment, exemption }: StoredUser,
  { pending, places }: Surroundings,
  now: EpochMs,
): ListedUser {
  const held = enrolment === null
    ? { wrongCodes: 0, lockedUntil: null }
    : heldCodesOf(enrolment, places.get(username) ?? [], now);
  return {
    username,
    issuer: enrolment?.issuer ?? null,
    enrolledAt: enrolment?.enrolledAt ?? null,
    lastLoginAt: enrolment?.lastLoginAt ?? null,
    lastUncodedLoginAt: enrolment?.uncodedLoginAt ?? null,
    disabledAt: enrolment?.disabledAt ?? null,
    ...held,
    recoveryCodesLeft: enrolment?.recoveryCodes ?? 0,
    pendingChallenges: enrolment === null ? 0 : pending.get(username) ?? 0,
    exemption,
  };
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
