import { resolve } from "node:path/posix";
import type { Enrolment } from "../core/enrolment.ts";
import type { EnrolmentStore } from "../store/store.ts";
import { Failure } from "../core/failure.ts";
import { quoted } from "../text/printable.ts";
import { isUsername, USERNAME_ALLOWED } from "../core/username.ts";
import { Vault } from "../secrets/vault.ts";
import { checkSetting, readSetting, type ReadVariable, SETTINGS } from "../settings.ts";
import { openStore } from "../store/open_store.ts";
import type { Screen } from "./terminal/screen.ts";

/** What a subcommand works with. */
export interface AdminContext {
  /** Value of `--db`, if given. */
  db: string | undefined;
  /** Value of `--key`, if given. */
  key: string | undefined;
  read: ReadVariable;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Writes to standard output: results. */
  out(text: string): void;
  /** Writes to standard error: errors, warnings, what only a person wants. */
  err(text: string): void;
  /** Standard error is a terminal. */
  isTerminal: boolean;
  /** Standard output. */
  screen: Screen;
  input: Input;
  /** What the program ends with where a command gave its result: 0, or 1 for a bad one. */
  exitStatus: number;
}

/** Standard input. */
export interface Input {
  isTerminal: boolean;
  /** Reads what is there, or waits for it; null at the end. */
  read(buffer: Uint8Array): number | null;
  /** Switches the terminal's own echo and keys off, or on again. */
  setRaw(isRaw: boolean): void;
}

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
  using store = await openStore({ path: databasePath(context), create, busyTimeoutMs });
  return await work(store.enrolments);
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

/** @throws Failure `usage` for a name that no user can have */
export function requireUsername(username: string): void {
  if (isUsername(username)) return;
  throw new Failure(
    "usage",
    `${quoted(username)} cannot be a username: allowed is ${USERNAME_ALLOWED}`,
  );
}

/**
 * Finds a user's enrolment.
 *
 * @throws Failure `not_enrolled`
 */
export async function requireEnrolment(
  store: EnrolmentStore,
  username: string,
): Promise<Enrolment> {
  return await store.find(username) ?? notEnrolled(username);
}

/** @throws Failure `not_enrolled` */
export function notEnrolled(username: string): never {
  throw new Failure(
    "not_enrolled",
    `user ${quoted(username)} is not enrolled: see who is with: openvpn-totp list`,
  );
}
