import { basename, resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { FORMATS_WITH_OWNER, type ImportFormat } from "../../../migration/formats.ts";
import { accountName, findAccount } from "../../../system/accounts.ts";
import { quoted } from "../../../text/printable.ts";
import { requireUsername } from "../../users/require_user.ts";

/** `USER=PATH`. A path with `=` in its first part must be written with `./`. */
const OWNED_FILE = /^([^/=]+)=(.+)$/s;

/** A file of Google Authenticator's PAM module that is named after its user. */
const NAMED_FILE = /^(.+)\.google_authenticator$/s;

/** Splits what may be `USER=PATH`. */
export function splitOwner(file: string): { path: string; owner: string | undefined } {
  const [, owner, path] = file.match(OWNED_FILE) ?? [];
  return { path: path ?? file, owner };
}

/** The user whom a file of the PAM module is named after; null for a name of another kind. */
export function namedUser(path: string): string | null {
  return basename(path).match(NAMED_FILE)?.[1] ?? null;
}

/** @throws Failure `usage` if the format says itself whose its secrets are */
export function requireOwnable(file: string, format: ImportFormat): void {
  if (FORMATS_WITH_OWNER.has(format)) return;
  throw new Failure(
    "usage",
    `${quoted(file)} is in the format ${format}, which contains usernames: --user and USER=FILE ` +
      `are for ${[...FORMATS_WITH_OWNER].join(", ")}`,
  );
}

/** A file, and who has to do with it. */
export interface OwnedFile {
  path: string;
  /** Whose it is, where that was given. */
  username: string | undefined;
  /** The owner of the file; null for standard input. */
  uid: number | null;
  /** See `FileToRead`. */
  keeperUid: number | null;
}

/**
 * Whose file of the PAM module it is: the user whom it is named after, otherwise its owner. Root may
 * keep the files of others, so a file that root owns doesn't say that.
 *
 * @throws Failure `input_error` where that is unknown, `usage` for a bad username
 */
export function ownerOf(file: OwnedFile): string {
  const { path, uid } = file;
  const username = file.username ??
    (uid === null ? null : namedOwner(file, uid) ?? ownAccount(uid));
  if (username === null) {
    throw new Failure(
      "input_error",
      `the owner of ${quoted(path === "-" ? path : resolve(path))} is unknown: give it as ` +
        "USER=FILE, or use --user",
    );
  }
  requireUsername(username);
  return username;
}

/**
 * The user whom a file is named after; null if it is not. Anybody could name a file after somebody
 * else, so it must be the file of root, of that user, or of the owner of a directory that was given
 * for the files of all.
 *
 * @throws Failure `input_error` for anybody else's file
 */
function namedOwner({ path, keeperUid }: OwnedFile, uid: number): string | null {
  const username = namedUser(path);
  if (username === null) return null;
  if ([0, keeperUid, uidOf(username)].includes(uid)) return username;
  const owner = ownAccount(uid);
  throw new Failure(
    "input_error",
    `${quoted(resolve(path))} is named after ${quoted(username)}, but belongs to ` +
      `${owner === null ? `uid ${uid}` : quoted(owner)}: give it as USER=FILE, or give its ` +
      "directory if that directory's owner keeps the files of all users",
  );
}

function uidOf(username: string): number | null {
  try {
    return findAccount(username)?.uid ?? null;
  } catch {
    return null;
  }
}

function ownAccount(uid: number): string | null {
  try {
    return uid === 0 ? null : accountName(uid);
  } catch {
    return null;
  }
}
