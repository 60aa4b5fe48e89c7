import { resolve } from "node:path/posix";
import type { EpochMs } from "../core/epoch.ts";
import type { EnrolmentStore } from "../store/store.ts";
import { Vault } from "../secrets/vault.ts";
import { checkSetting, readSetting, type ReadVariable, SETTINGS } from "../settings.ts";
import { openStore } from "../store/open_store.ts";
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
  /** Exit status of a command that gave its result: 0, or 1 for a bad result. */
  exitStatus: number;
}

/** Gives as many random bytes as asked for, fit for secrets. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

/** How long an administrator's command waits for a login's transaction, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the database, runs `work`, and closes it.
 *
 * @param create create the database if there is none
 * @param busyTimeoutMs how long to wait for another process's transaction, in milliseconds
 */
export async function withStore<T>(
  context: AdminContext,
  { create, busyTimeoutMs = BUSY_TIMEOUT_MS }: {
    create: boolean;
    busyTimeoutMs?: number;
  },
  work: (store: EnrolmentStore) => Promise<T>,
): Promise<T> {
  using store = await openStore({ path: databasePath(context), create, busyTimeoutMs });
  return await work(store.enrolments);
}

/**
 * The keys in the key file: that of `--key`, otherwise of `totpKeyFile`, otherwise the default one.
 */
export function openVault(context: AdminContext): Vault {
  return new Vault(pathOf(SETTINGS.keyFile, "--key", context.key, context));
}

/**
 * The database's path: that of `--db`, otherwise of `totpTokenDbPath`, otherwise the default one.
 */
export function databasePath(context: AdminContext): string {
  return pathOf(SETTINGS.tokenDbPath, "--db", context.db, context);
}

/**
 * An option's path, relative to the current directory; otherwise the environment's or the default.
 */
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
