import { parentOf } from "../../system/trusted_path.ts";
import { hmacKey, hotp, timeStep } from "../../core/totp.ts";
import { Failure } from "../../core/failure.ts";
import { Vault } from "../../secrets/vault.ts";
import type { Settings } from "../../settings.ts";
import { openStore, type SchemaVersions, schemaVersions } from "../../store/open_store.ts";
import type { Store } from "../../store/store.ts";
import type { DatabaseState, RunUser } from "./set_up.ts";

/** As long as a login waits for another's transaction, in milliseconds. */
const BUSY_TIMEOUT_MS = 2000;

/**
 * Does with the database and the key file what a login does, and changes nothing.
 *
 * @param user whom the login's program runs as
 * @param nowMs milliseconds since 1970-01-01T00:00:00Z
 */
export async function rehearseDatabase(
  { tokenDbPath, keyFile }: Settings,
  { name, uid, gid }: RunUser & { uid: number },
  nowMs: number,
): Promise<DatabaseState> {
  try {
    if (uid !== 0) {
      for (const path of [tokenDbPath, keyFile]) {
        requireAccess(path, { name, uid, gid });
      }
    }
    const versions = versionsAt(tokenDbPath);
    // Opening it would bring it up to date.
    if (versions !== null && versions.stored > 0 && versions.stored < versions.known) {
      return { state: "older", version: versions.stored, known: versions.known };
    }
    using store = await openStore({
      path: tokenDbPath,
      create: false,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
      uid,
    });
    return await rehearseOpen(store, new Vault(keyFile, uid), nowMs);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code === "database_missing"
      ? { state: "missing" }
      : { state: "failed", message: error.message };
  }
}

/**
 * Root may open what a user may not: looks whether the user owns the file, and gets to it.
 *
 * @throws Failure `untrusted_path`
 */
function requireAccess(
  path: string,
  { name, uid, gid }: RunUser & { uid: number },
): void {
  let info: Deno.FileInfo;
  try {
    path = Deno.realPathSync(path);
    info = Deno.statSync(path);
  } catch {
    // Opening it says better what is wrong.
    return;
  }
  if (info.uid !== uid) {
    throw new Failure(
      "untrusted_path",
      `${path} belongs to uid ${info.uid}, and OpenVPN runs the program as ${name}: ` +
        `chown ${name} ${path}`,
    );
  }
  for (let at = parentOf(path);; at = parentOf(at)) {
    const directory = Deno.statSync(at);
    const shift = directory.uid === uid ? 6 : directory.gid === gid ? 3 : 0;
    if ((((directory.mode ?? 0) >> shift) & 1) === 0) {
      throw new Failure(
        "untrusted_path",
        `${name}, whom OpenVPN runs the program as, can't enter ${at}: chown ${name} ${at}, or use ` +
          "another",
      );
    }
    if (at === "/") return;
  }
}

/** Null where opening the database says better what is wrong. */
function versionsAt(path: string): SchemaVersions | null {
  try {
    return schemaVersions(path);
  } catch {
    return null;
  }
}

async function rehearseOpen(
  store: Store,
  vault: Vault,
  nowMs: number,
): Promise<DatabaseState> {
  const enrolments = await store.enrolments.list();
  const failures: string[] = [];
  for (const enrolment of enrolments) {
    try {
      const secret = await vault.open(enrolment);
      const { algorithm, digits, periodSeconds } = enrolment.parameters;
      const key = await hmacKey(secret, algorithm);
      await hotp(key, timeStep(nowMs, periodSeconds), digits);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error.message);
    }
  }
  const [message] = failures;
  return {
    state: "open",
    users: enrolments.length,
    closed: message === undefined ? null : { count: failures.length, message },
    writeTrouble: await writeTroubleOf(store),
  };
}

async function writeTroubleOf(store: Store): Promise<string | null> {
  try {
    await store.rehearseWrite();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
