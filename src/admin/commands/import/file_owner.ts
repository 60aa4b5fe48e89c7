import { resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import type { ImportFormat } from "../../../migration/formats.ts";
import { accountName } from "../../../system/accounts.ts";
import { quoted } from "../../../text/printable.ts";
import { requireUsername } from "../../users/require_user.ts";

/** `USER=PATH`. A path with `=` in its first part must be written with `./`. */
const OWNED_FILE = /^([^/=]+)=(.+)$/s;

/** Splits what may be `USER=PATH`. */
export function splitOwner(file: string): { path: string; owner: string | undefined } {
  const [, owner, path] = file.match(OWNED_FILE) ?? [];
  return { path: path ?? file, owner };
}

/** @throws Failure `usage`: the format says itself whose its secrets are */
export function refuseOwner(file: string, format: ImportFormat): never {
  throw new Failure(
    "usage",
    `${quoted(file)} is in the format ${format}, which contains usernames: ` +
      "--user and USER=FILE are only for google-authenticator",
  );
}

/**
 * Whose file it is. Root may keep the files of others, so a file that root owns doesn't say that.
 *
 * @param given the owner, where that was given
 * @param uid the owner of the file; null for standard input
 * @throws Failure `input_error` where that is unknown, `usage` for a bad username
 */
export function ownerOf(path: string, given: string | undefined, uid: number | null): string {
  const username = given ?? (uid === null || uid === 0 ? null : named(uid));
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

function named(uid: number): string | null {
  try {
    return accountName(uid);
  } catch {
    return null;
  }
}
