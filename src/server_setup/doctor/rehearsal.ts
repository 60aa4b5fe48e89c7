import type { EpochMs } from "../../core/epoch.ts";
import { hmacKey, hotp, timeStepAt } from "../../core/totp.ts";
import { Failure } from "../../core/failure.ts";
import { Vault } from "../../secrets/vault.ts";
import type { Settings } from "../../settings.ts";
import {
  LOGIN_BUSY_TIMEOUT_MS,
  openStore,
  type SchemaVersions,
  schemaVersions,
} from "../../store/open_store.ts";
import type { Store } from "../../store/store.ts";
import { type KnownUser, requireAccess } from "./require_access.ts";
import type { DatabaseState } from "./set_up.ts";

/**
 * Does with the database and the key file what a login does, but changes nothing.
 *
 * @param user the user that a login's program runs as
 */
export async function rehearseDatabase(
  { tokenDbPath, keyFile }: Settings,
  user: KnownUser,
  now: EpochMs,
): Promise<DatabaseState> {
  const { uid } = user;
  try {
    if (uid !== 0) {
      requireAccess(tokenDbPath, user);
      requireAccess(keyFile, user);
    }
    const versions = versionsAt(tokenDbPath);
    // Opening the database would upgrade it.
    if (versions !== null && versions.stored > 0 && versions.stored < versions.known) {
      return { state: "older", version: versions.stored, known: versions.known };
    }
    const options = { create: false, busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS, uid };
    using store = await openStore({ path: tokenDbPath, ...options });
    return await rehearseOpen(store, new Vault(keyFile, uid), now);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === "database_missing"
      ? { state: "missing" }
      : { state: "failed", message: error.message };
  }
}

/** Null if the error from opening the database is clearer. */
function versionsAt(path: string): SchemaVersions | null {
  try {
    return schemaVersions(path);
  } catch {
    return null;
  }
}

async function rehearseOpen(store: Store, vault: Vault, now: EpochMs): Promise<DatabaseState> {
  const enrolments = await store.enrolments.list();
  const failures: string[] = [];
  for (const enrolment of enrolments) {
    const message = await failureOf(async () => {
      const secret = await vault.open(enrolment);
      const { algorithm, digits, periodSeconds } = enrolment.parameters;
      await hotp(await hmacKey(secret, algorithm), timeStepAt(now, periodSeconds), digits);
    });
    if (message !== null) failures.push(message);
  }
  const [message] = failures;
  return {
    state: "open",
    users: enrolments.length,
    fewestDigits: fewest(enrolments.map(({ parameters }) => parameters.digits)),
    closed: message === undefined ? null : { count: failures.length, message },
    writeTrouble: await failureOf(() => store.rehearseWrite()),
  };
}

/** The smallest of some numbers; null if there are none. */
function fewest(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : Math.min(...numbers);
}

/** What the failure of some work says; null if it succeeds. */
async function failureOf(work: () => void | Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
