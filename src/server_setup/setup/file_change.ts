import { Failure, isSystemError } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { followTrusted, lstat, parentOf } from "../../system/trusted_path.ts";
import { writeAll } from "../../system/write_all.ts";
import type { ServiceFile } from "../units/service_files.ts";
import { type Origin, originOf } from "../units/written_file.ts";
import { requireBelow } from "./below_root.ts";
import { type Original, readOriginal, replaceFile } from "./replace_file.ts";

/** Where the system's files are. */
export interface FilePlace {
  /** In front of each path; empty on a running system. */
  root: string;
  /** Reads a file, up to a maximum size. */
  read(path: string): Uint8Array;
}

/** A file that is to be made or replaced. */
export interface FileChange {
  path: string;
  content: Uint8Array;
  /** The file that is there; null if there is none. */
  original: Original | null;
  /** Whether a copy of it is kept, since somebody has written it by hand. */
  keepsCopy: boolean;
}

/**
 * Compares a file with what it is to be.
 *
 * @param replace whether a file may be replaced that `setup` did not write, or not as it is
 * @returns null if nothing changes
 * @throws Failure `config_error` if such a file may not be replaced; `untrusted_path`
 */
export function planFile(
  { path: inPlace, text }: ServiceFile,
  place: FilePlace,
  replace: boolean,
): FileChange | null {
  const path = place.root + inPlace;
  const original = originalAt(inPlace, place);
  const now = original === null ? null : new TextDecoder().decode(original.content);
  if (now === text) return null;
  const origin = originOf(now);
  const isOthers = origin === "changed" || origin === "foreign";
  if (isOthers && !replace) throw notOurs(path, origin);
  return { path, content: new TextEncoder().encode(text), original, keepsCopy: isOthers };
}

/** For what is no file in the place of systemd's. */
const REMOVE = "remove it (if the unit is masked, with systemctl unmask), then run setup again";

/**
 * The file at a path below the place's root directory; null if there is none.
 *
 * @param advice what to do if something else is there
 * @throws Failure `config_error` for what is no file; `untrusted_path` where somebody else could make
 *   or replace it, or a link leads out of the root directory
 */
export function originalAt(
  inPlace: string,
  { root, read }: FilePlace,
  advice = REMOVE,
): Original | null {
  const path = root + inPlace;
  const { info } = followTrusted(path);
  if (info === null || info.isFile) requireBelow(root, inPlace);
  if (info === null) return null;
  if (info.isFile) return readOriginal(path, read);
  throw new Failure("config_error", `${quoted(path)} is not a regular file: ${advice}`);
}

function notOurs(path: string, origin: Origin): Failure {
  const what = origin === "changed"
    ? "was changed after setup had written it"
    : "was not written by setup";
  return new Failure(
    "config_error",
    `${quoted(path)} ${what}: move what you need from it to a drop-in (systemctl edit), then use ` +
      "--replace, which keeps a copy of it",
  );
}

/**
 * Makes the change. The content is on the disk when this returns; the file's name may not be.
 *
 * @param suffix the end of a copy's name
 * @returns the copy's path; null if none was made
 * @throws Failure `output_error`, `untrusted_path`; then the old file is unchanged
 */
export function changeFile(
  { path, content, original, keepsCopy }: FileChange,
  suffix: string,
  read: (path: string) => Uint8Array,
): string | null {
  if (original !== null) return replaceFile(original, content, keepsCopy ? suffix : null, read);
  try {
    make(path, content);
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw isThereNow(path);
    if (!isSystemError(error)) throw error;
    throw new Failure("output_error", `cannot make ${quoted(path)}: ${error.message}`);
  }
}

/** Somebody may have made the file while the question was on the screen. */
function isThereNow(path: string): Failure {
  return new Failure(
    "output_error",
    `${quoted(path)} was made in the meantime and has been left alone: run setup again`,
  );
}

/**
 * Everybody may read these files: they hold no secret.
 *
 * @throws Deno.errors.AlreadyExists if the file is there by now
 */
function make(path: string, content: Uint8Array): void {
  // First, since a directory that is made may not be where another user's link leads.
  const { path: real } = followTrusted(path);
  Deno.mkdirSync(parentOf(real), { recursive: true, mode: 0o755 });
  const temporary = `${parentOf(real)}/.openvpn-totp-setup-${
    crypto.getRandomValues(new Uint8Array(8)).toHex()
  }`;
  try {
    using file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o600 });
    writeAll(file, content);
    Deno.chmodSync(temporary, 0o644);
    file.syncSync();
    // A link, unlike a renaming, never takes another file's place.
    Deno.linkSync(temporary, real);
  } finally {
    if (lstat(temporary) !== null) Deno.removeSync(temporary);
  }
}
