import { resolve } from "node:path/posix";
import type { EpochMs } from "../core/epoch.ts";
import type { EnrolmentStore } from "../store/store.ts";
import { Vault } from "../secrets/vault.ts";
import { checkSetting, readSetting, type ReadVariable, SETTINGS } from "../settings.ts";
import { openDatabase } from "../store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../store/sqlite/enrolment_store.ts";
import type { Console } from "./terminal/console.ts";

/** What a subcommand works with. */
export interface AdminContext extends Console {
  /** Value of `--db`, if given. */
  db: string | undefined;
  /** Value of `--key`, if given. */
  key: string | undefined;
  /** The environment. */
  read: ReadVariable;
  now(): EpochMs;
  randomBytes: RandomBytes;
  /** What the program ends with where a command gave its result: 0, or 1 for a bad one. */
  exitStatus: number;
}

/** Gives as many random bytes as asked for, fit for secrets. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

/** How long an administrator's command waits for a login's transaction, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the database that `--db`, else `totpTokenDbPath`, else the default names; runs `work`; and
 * closes it.
 *
 * @param create make the database where there is none
 * @param busyTimeoutMs how long to wait for another's transaction, in milliseconds
 */
export async function withStore<T>(
  context: AdminContext,
  { create, busyTimeoutMs = BUSY_TIMEOUT_MS }: {
    create: boolean;
    busyTimeoutMs?: number;
  },
  work: (store: EnrolmentStore) => Promise<T>,
): Promise<T> {
  using database = await openDatabase(databasePath(context), {
    create,
    busyTimeoutMs,
  });
  return await work(new SqliteEnrolmentStore(database));
}

/** The keys of the key file that `--key`, else `totpKeyFile`, else the default names. */
export function openVault(context: AdminContext): Vault {
  return new Vault(pathOf(SETTINGS.keyFile, "--key", context.key, context));
}

/** The path that `--db`, else `totpTokenDbPath`, else the default names. */
export function databasePath(context: AdminContext): string {
  return pathOf(SETTINGS.tokenDbPath, "--db", context.db, context);
}

/** A path that an option names, relative to where one stands; else the environment or the default. */
function pathOf(
  setting: typeof SETTINGS.keyFile,
  option: string,
  given: string | undefined,
  { read }: AdminContext,
): string {
  return given === undefined
    ? readSetting(setting, read)
    : checkSetting(setting, option, given === "" ? "" : resolve(given));
}
