import { resolve } from "node:path/posix";
import type { DatabasePlace } from "../core/database_place.ts";
import type { EpochMs } from "../core/epoch.ts";
import { Failure } from "../core/failure.ts";
import type { EnrolmentStore, Store } from "../store/store.ts";
import { Vault } from "../secrets/vault.ts";
import type { Services } from "../service_options.ts";
import {
  checkSetting,
  readDatabasePlace,
  readSetting,
  type ReadVariable,
  SETTINGS,
} from "../settings.ts";
import { type Backups, openBackups, openStore } from "../store/open_store.ts";
import { actAs, isActingForAnother } from "../system/acting_user.ts";
import { foreignOwner } from "../system/trusted_path.ts";
import type { Console } from "./terminal/console.ts";

/** What a subcommand works with. */
export interface AdminContext extends Console {
  /** Value of `--db`, if given. */
  db: string | undefined;
  /** Value of `--database`, if given. */
  database: string | undefined;
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
  return await openStore({ database: databasePlace(context), ...options });
}

/** Opens what makes and restores backups of the database; see {@link openBackups}. */
export async function openDatabaseBackups(
  context: AdminContext,
  { create }: { create: boolean },
): Promise<Backups> {
  const database = databasePlace(context);
  if (database.engine === "postgres") throw noBackups();
  return await openBackups({ database, create, busyTimeoutMs: BUSY_TIMEOUT_MS });
}

/**
 * The keys in the key file: that of `--key`, otherwise of `totpKeyFile`, otherwise the default one.
 */
export function openVault(context: AdminContext): Vault {
  databasePlace(context);
  return namedVault(context);
}

/** The same as {@link openVault}, with the rights that the process has. */
export function namedVault(context: AdminContext): Vault {
  return new Vault(pathOf(SETTINGS.keyFile, "--key", context.key, context));
}

/**
 * Where the database is: what `--db` or `--database` says, otherwise the settings in the environment,
 * otherwise the default file.
 *
 * If a file or a directory above it belongs to another user, root's command goes on with that user's
 * rights, for the database and the key file alike: that user, or whoever has got hold of the account,
 * may have put anything there. The files that the caller names are for `asCaller`. With a server, it is
 * whoever the passfile or the key file belongs to, such as the service's user.
 */
export function databasePlace(context: AdminContext): DatabasePlace {
  const place = namedPlace(context);
  if (Deno.uid() === 0 && !isActingForAnother()) {
    const owner = ownerOf(place, context);
    if (owner !== null) actAs(owner);
  }
  return place;
}

/**
 * The same as {@link databasePlace}, with the rights that the process has.
 *
 * @throws Failure `usage`, `bad_setting`
 */
export function namedPlace(context: AdminContext): DatabasePlace {
  const { db, database, read } = context;
  if (db !== undefined && database !== undefined) {
    throw new Failure("usage", "--db and --database exclude each other: give one of them");
  }
  if (db !== undefined) {
    return { engine: "sqlite", path: pathOf(SETTINGS.tokenDbPath, "--db", db, context) };
  }
  const option = (name: string) => name === SETTINGS.database.name ? database : undefined;
  if (database !== undefined) checkSetting(SETTINGS.database, "--database", database);
  return readDatabasePlace((name) => option(name) ?? read(name), passFileOf(context));
}

/** Null for the caller, or root. */
function ownerOf(place: DatabasePlace, context: AdminContext): number | null {
  if (place.engine === "sqlite") return foreignOwner(place.path);
  const passOwner = place.passFile === null ? null : foreignOwner(place.passFile);
  return passOwner ?? foreignOwner(namedVault(context).path);
}

/** The file that libpq's programs take passwords from, too. */
export function passFileOf({ read }: AdminContext): string | null {
  return read("PGPASSFILE") ?? null;
}

function noBackups(): Failure {
  return new Failure(
    "input_error",
    "backup and restore are for a database in a file: use pg_dump and pg_restore for one on a " +
      "PostgreSQL server, and keep a copy of the key file somewhere else",
  );
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
