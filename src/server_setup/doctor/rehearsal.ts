import type { PostgresPlace } from "../../core/database_place.ts";
import type { Enrolment } from "../../core/enrolment.ts";
import type { EpochMs } from "../../core/epoch.ts";
import { hmacKey, hotp, timeStepAt } from "../../core/totp.ts";
import { Failure } from "../../core/failure.ts";
import { Vault } from "../../secrets/vault.ts";
import type { Settings } from "../../settings.ts";
import {
  examineHosts,
  type HostFacts,
  LOGIN_BUSY_TIMEOUT_MS,
  openStore,
  rehearseServerWrite,
  rehearseWrite,
  type SchemaVersions,
  schemaVersions,
  type StoreOptions,
} from "../../store/open_store.ts";
import { whileActingAs } from "../../system/acting_user.ts";
import { foreignOwner } from "../../system/trusted_path.ts";
import { type KnownUser, requireAccess } from "./require_access.ts";
import type { DatabaseState } from "./set_up.ts";

/** Who a login's program runs as. */
export interface LoginProcess {
  user: KnownUser;
  /** It is the service, which takes nobody else's rights; root's hooks take those of an owner. */
  isService: boolean;
}

/** Does with the database and the key file what a login does, but changes nothing. */
export async function rehearseDatabase(
  settings: Settings,
  process: LoginProcess,
  now: EpochMs,
): Promise<DatabaseState> {
  const { database, keyFile } = settings;
  const { user } = process;
  const isFile = database.engine === "sqlite";
  try {
    if (user.uid !== 0) {
      for (const path of [isFile ? database.path : database.passFile ?? keyFile, keyFile]) {
        requireAccess(path, user);
      }
    }
    const vault = new Vault(keyFile);
    return await asLogin(
      settings,
      process,
      () => isFile ? rehearseHere(database.path, vault, now) : rehearseServer(database, vault, now),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message } = error;
    if (code === "database_missing" && isFile) return { state: "missing" };
    return { state: code === "database_unread" ? "unread" : "failed", message };
  }
}

/**
 * Looks at each host of a database on a server as a login finds it; null if it is in a file, or if a
 * login's rights cannot be taken, which {@link rehearseDatabase} tells.
 */
export async function examineServer(
  settings: Settings,
  process: LoginProcess,
): Promise<HostFacts[] | null> {
  const { database } = settings;
  if (database.engine === "sqlite") return null;
  try {
    return await asLogin(settings, process, () => examineHosts(database));
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Runs work with a login's rights. What a user has put anywhere must not be opened with root's. */
async function asLogin<T>(
  { database, keyFile }: Settings,
  { user: { uid }, isService }: LoginProcess,
  work: () => Promise<T>,
): Promise<T> {
  const owned = database.engine === "sqlite" ? database.path : keyFile;
  const other = uid !== 0 ? uid : isService ? null : foreignOwner(owned);
  return other !== null && Deno.uid() === 0 ? await whileActingAs(other, work) : await work();
}

async function rehearseServer(
  database: PostgresPlace,
  vault: Vault,
  now: EpochMs,
): Promise<DatabaseState> {
  const options = { database, create: false, busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS };
  const read = await readStore(options, vault, now);
  return {
    state: "open",
    ...read,
    writeTrouble: await failureOf(() => rehearseServerWrite(database)),
  };
}

async function rehearseHere(path: string, vault: Vault, now: EpochMs): Promise<DatabaseState> {
  const versions = versionsAt(path);
  // A login upgrades it; here nothing is changed.
  if (versions !== null && versions.stored > 0 && versions.stored < versions.known) {
    return { state: "older", version: versions.stored, known: versions.known };
  }
  const database = { engine: "sqlite", path } as const;
  const options = { database, create: false, busyTimeoutMs: LOGIN_BUSY_TIMEOUT_MS };
  const read = await readStore({ ...options, readOnly: true }, vault, now);
  return {
    state: "open",
    ...read,
    writeTrouble: await failureOf(() => rehearseWrite(path, options.busyTimeoutMs)),
  };
}

/** Null if the error from opening the database is clearer. */
function versionsAt(path: string): SchemaVersions | null {
  try {
    return schemaVersions(path);
  } catch {
    return null;
  }
}

async function readStore(
  options: StoreOptions,
  vault: Vault,
  now: EpochMs,
): Promise<Omit<DatabaseState & { state: "open" }, "state" | "writeTrouble">> {
  using store = await openStore(options);
  let users = 0;
  let fewestDigits: number | null = null;
  const closed = { count: 0, message: "" };
  for await (const page of store.enrolments.users()) {
    for (const { enrolment } of page) {
      if (enrolment === null) continue;
      users++;
      const { digits } = enrolment.parameters;
      fewestDigits = Math.min(fewestDigits ?? digits, digits);
      const message = await failureOf(() => makeCode(enrolment, vault, now));
      if (message === null) continue;
      if (closed.count++ === 0) closed.message = message;
    }
  }
  return { users, fewestDigits, closed: closed.count === 0 ? null : closed };
}

/** @throws Failure where the secret cannot be opened */
async function makeCode(enrolment: Enrolment, vault: Vault, now: EpochMs): Promise<void> {
  const secret = await vault.open(enrolment);
  const { algorithm, digits, periodSeconds } = enrolment.parameters;
  await hotp(await hmacKey(secret, algorithm), timeStepAt(now, periodSeconds), digits);
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
