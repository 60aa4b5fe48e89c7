import { Failure, isSystemError } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { followTrusted, parentOf } from "../../system/trusted_path.ts";
import { writeAll } from "../../system/write_all.ts";

/** A file as it was when it was read. */
export interface Original {
  /** Without symbolic links. */
  path: string;
  content: Uint8Array;
  info: Deno.FileInfo;
}

/**
 * Reads a file that is to be replaced, in a directory where nobody else can add or replace files.
 *
 * @param read reads a file, up to a maximum size
 * @throws Failure `untrusted_path`, `input_error`
 */
export function readOriginal(path: string, read: (path: string) => Uint8Array): Original {
  const { path: real, info } = asFailure(path, () => followTrusted(path));
  if (info === null) {
    throw new Failure("input_error", `there is no file ${quoted(path)}`);
  }
  return { path: real, content: read(real), info };
}

/**
 * Replaces a file: at any moment either the old or the new file is there, complete and with the
 * same owner and mode. The new content is on the disk when this returns; its name may not be.
 *
 * @param suffix the end of the name of a copy of the old file, which is made first; a number is added
 *   if that name is taken; null for no copy
 * @returns the copy's path; null if none was made
 * @throws Failure `output_error`; the old file is then unchanged
 */
export function replaceFile(
  original: Original,
  content: Uint8Array,
  suffix: string | null,
  read: (path: string) => Uint8Array,
): string | null {
  return asFailure(original.path, () => {
    requireUnchanged(original, read);
    const backup = suffix === null ? null : makeBackup(original, suffix);
    const temporary = `${parentOf(original.path)}/.openvpn-totp-setup-${
      crypto.getRandomValues(new Uint8Array(8)).toHex()
    }`;
    makeLike(original, temporary, content);
    try {
      requireUnchanged(original, read);
      Deno.renameSync(temporary, original.path);
    } catch (error) {
      Deno.removeSync(temporary);
      throw error;
    }
    return backup;
  });
}

/** Somebody may have edited the file while the question was on the screen. */
function requireUnchanged(
  { path, content, info }: Original,
  read: (path: string) => Uint8Array,
): void {
  const now = Deno.lstatSync(path);
  const bytes = read(path);
  const isSame = now.ino === info.ino && bytes.length === content.length &&
    bytes.every((byte, i) => byte === content[i]);
  if (isSame) return;
  throw new Failure(
    "output_error",
    `${quoted(path)} was changed in the meantime and has been left alone: run setup again`,
  );
}

function makeBackup(original: Original, suffix: string): string {
  for (let number = 1;; number++) {
    const path = `${original.path}.${suffix}${number === 1 ? "" : `-${number}`}`;
    try {
      makeLike(original, path, original.content);
      return path;
    } catch (error) {
      const isThere = error instanceof Deno.errors.AlreadyExists;
      if (!isThere || number >= 100) throw error;
    }
  }
}

/**
 * Creates a file with the original's owner and mode: either it is on the disk afterwards, or
 * nothing is.
 */
function makeLike({ info: { uid, gid, mode } }: Original, path: string, content: Uint8Array): void {
  const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  try {
    using open = file;
    writeAll(open, content);
    Deno.chownSync(path, uid, gid);
    Deno.chmodSync(path, (mode ?? 0o600) & 0o777);
    open.syncSync();
  } catch (error) {
    Deno.removeSync(path);
    throw error;
  }
}

function asFailure<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Failure("output_error", `cannot replace ${quoted(path)}: ${error.message}`);
  }
}
