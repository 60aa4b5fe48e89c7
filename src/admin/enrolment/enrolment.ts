import type { EpochMs } from "../../core/epoch.ts";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { Redacted } from "../../text/redacted.ts";
import { markOfCode } from "../../core/totp.ts";
import type { TotpParameters } from "../../core/totp_parameters.ts";
import type { Vault } from "../../secrets/vault.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import {
  type EnrolmentStore,
  type EnrolOptions,
  type NewEnrolment,
  UnknownKeys,
} from "../../store/store.ts";
import { type AdminContext, openVault, withStore } from "../context.ts";

/** A user to enrol, and what the user gets. */
export interface UserToEnrol {
  username: string;
  issuer: string;
  secret: Redacted<Uint8Array>;
  parameters: TotpParameters;
  /** As `readCode` gives them. */
  recoveryCodes: readonly string[];
  /** Since when the user may not log in; null for a user who may. */
  disabledAt: EpochMs | null;
}

/**
 * Enrols users: all of them, or none. What takes time is done before the transaction, because
 * logins wait for that.
 *
 * @param mayReplace says whether an enrolled user may be replaced
 * @param done called after each user's secret has been sealed
 * @throws Failure `already_enrolled` for a user who may not be replaced, and those of the key file
 */
export async function enrolUsers(
  context: AdminContext,
  store: EnrolmentStore,
  users: readonly UserToEnrol[],
  { mayReplace, done }: {
    mayReplace: (username: string) => boolean;
    done?: () => void;
  },
): Promise<void> {
  const vault = openVault(context);
  vault.requireKeys(await store.keyIds());
  const enrolments: NewEnrolment[] = [];
  for (const toEnrol of users) {
    const { secret, recoveryCodes, ...user } = toEnrol;
    const earlier = await store.find(user.username);
    enrolments.push({
      ...user,
      replacesOther: earlier === null || await mayKeepCodes(vault, earlier, toEnrol)
        ? null
        : earlier.secret,
      enrolledAt: context.now(),
      secret: await vault.seal(secret, user.username),
      recoveryMarks: await Promise.all(recoveryCodes.map((code) => markOfCode(secret, code))),
    });
    done?.();
  }
  await enrolSealed(store, vault, enrolments, mayReplace);
}

/** How often others may add a key to the key file between reading it and enrolling. */
const ROUNDS = 5;

/**
 * Enrols users whose secrets are sealed, if the others' are sealed with keys of the same key file:
 * another first enrolment meanwhile may have made another one.
 */
async function enrolSealed(
  store: EnrolmentStore,
  vault: Vault,
  enrolments: readonly NewEnrolment[],
  mayReplace: EnrolOptions["mayReplace"],
): Promise<void> {
  for (let round = 1;; round++) {
    try {
      return await store.enrol(enrolments, { mayReplace, knownKeys: vault.keyIds() });
    } catch (error) {
      if (!(error instanceof UnknownKeys)) throw error;
      // A rekey meanwhile has added its key to the file; any other key is refused here.
      vault.requireKeys(error.keyIds);
      if (round < ROUNDS) continue;
      throw new Failure(
        "key_error",
        `keys were added to ${vault.path} ${ROUNDS} times while users were enrolled: try again`,
      );
    }
  }
}

/**
 * Says whether a user's codes stay the same but for the number of digits; true where the earlier
 * secret can't be opened, since they may.
 */
async function mayKeepCodes(
  vault: Vault,
  enrolment: Enrolment,
  { secret, parameters }: UserToEnrol,
): Promise<boolean> {
  const { algorithm, periodSeconds } = enrolment.parameters;
  if (
    parameters.algorithm !== algorithm ||
    parameters.periodSeconds !== periodSeconds
  ) return false;
  try {
    const opened = await vault.open(enrolment);
    return opened.reveal().toHex() === secret.reveal().toHex();
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

/**
 * Makes sure that none of the users is enrolled, before anything is shown or asked.
 *
 * @throws Failure `already_enrolled` that names them
 */
export async function requireUnenrolled(
  context: AdminContext,
  usernames: readonly string[],
  replace: boolean,
): Promise<void> {
  if (replace) return;
  const enrolled = new Set(await enrolledUsernames(context));
  const both = usernames.filter((username) => enrolled.has(username));
  if (both.length === 0) return;
  const names = both.map(quoted).join(", ");
  const who = both.length === 1
    ? `user ${names} is already enrolled`
    : `${both.length} users are already enrolled (${names})`;
  throw new Failure(
    "already_enrolled",
    `${who}: use --replace to give a new secret (the old one stops working)` +
      (usernames.length === 1 ? "" : "; nobody was enrolled"),
  );
}

/** The enrolled users; none where there is no database yet. */
export async function enrolledUsernames(context: AdminContext): Promise<string[]> {
  try {
    return await withStore(
      context,
      { create: false },
      async (store) => {
        const pages = await Array.fromAsync(store.users());
        return pages.flat().filter(({ enrolment }) => enrolment !== null)
          .map(({ username }) => username);
      },
    );
  } catch (error) {
    if (error instanceof Failure && error.code === "database_missing") {
      return [];
    }
    throw error;
  }
}
