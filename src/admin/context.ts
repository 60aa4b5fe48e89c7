import { resolve } from "node:path/posix";
import type { EpochMs } from "../core/epoch.ts";
import type { EnrolmentStore, Store } from "../store/store.ts";
import { Vault } from "../secrets/vault.ts";
import type { Services } from "../service_options.ts";
import { checkSetting, readSetting, type ReadVariable, SETTINGS } from "../settings.ts";
import { type Backups, openBackups, openStore } from "../store/open_store.ts";
import { actAs, isActingForAnother } from "../system/acting_user.ts";
import { foreignOwner } from "../system/trusted_path.ts";
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
  services: Services;
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
  using store = await openDatabase(context, { create, busyTimeoutMs });
  return await work(store.enrolments);
}

/** Opens the database for longer than one piece of work; see {@link withStore}. */
export async function openDatabase(
  context: AdminContext,
  options: { create: boolean; busyTimeoutMs: number },
): Promise<Store> {
  return await openStore({ path: databasePath(context), ...options });
}

/** Opens what makes and restores backups of the database; see {@link openBackups}. */
export async function openDatabaseBackups(
  context: AdminContext,
  { create }: { create: boolean },
): Promise<Backups> {
  const path = databasePath(context);
  return await openBackups({ path, create, busyTimeoutMs: BUSY_TIMEOUT_MS });
}

/**
 * The keys in the key file: that of `--key`, otherwise of `totpKeyFile`, otherwise the default one.
 */
export function openVault(context: AdminContext): Vault {
  databasePath(context);
  return new Vault(pathOf(SETTINGS.keyFile, "--key", context.key, context));
}

/**
 * The database's path, whose owner's rights root's command has from then on: that of `--db`, otherwise of `totpTokenDbPath`, otherwise the default one.
 *
 * If it or a directory above it belongs to another user, root's command goes on with that user's
 * rights, for the database and the key file alike: that user, or whoever has got hold of the account,
 * may have put anything there. The files that the caller names are for `asCaller`.
 */
export function databasePath(context: AdminContext): string {
  const path = pathOf(SETTINGS.tokenDbPath, "--db", context.db, context);
  if (Deno.uid() === 0 && !isActingForAnother()) {
    const owner = foreignOwner(path);
    if (owner !== null) actAs(owner);
  }
  return path;
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
