import { dirname, resolve } from "node:path/posix";
import { Failure } from "../core/failure.ts";
import { messageOf } from "../text/message_of.ts";
import { quoted } from "../text/printable.ts";
import { asCaller } from "../system/acting_user.ts";
import { writeAll } from "../system/write_all.ts";

/** A file or directory that a command has made. */
export interface Made {
  path: string;
  dev: number;
  ino: number | null;
}

/**
 * Makes a file, mode 0600 (or less, by the umask), and syncs it to the disk. Where that fails, no
 * file is left.
 *
 * @param path must not exist; whatever is there stays, even a link
 * @throws Failure `output_error`
 */
export function writePrivateFile(path: string, content: Uint8Array): Made {
  return asCaller(() => write(path, content));
}

function write(path: string, content: Uint8Array): Made {
  let made: Made | undefined;
  try {
    using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    made = madeAt(path, file.statSync());
    writeAll(file, content);
    file.syncSync();
    return made;
  } catch (error) {
    if (made !== undefined) removeMade(made);
    throw outputError(path, error);
  }
}

function madeAt(path: string, { dev, ino }: Deno.FileInfo): Made {
  return { path, dev, ino };
}

/**
 * Removes a file or an empty directory that a command has made, if it is still there: in a directory of
 * another user's, something else may lie there by now. What cannot be removed stays.
 */
export function removeMade({ path, dev, ino }: Made): void {
  asCaller(() => {
    try {
      const found = Deno.lstatSync(path);
      if (found.dev === dev && found.ino === ino) Deno.removeSync(path);
    } catch {
      // The error to report is the one before this.
    }
  });
}

/**
 * Makes sure that nothing is at a path, not even a link, before anybody is asked anything.
 *
 * @throws Failure `output_error`
 */
export function requireNothingAt(path: string): void {
  try {
    asCaller(() => Deno.lstatSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw outputError(path, error);
  }
  throw outputError(path, new Deno.errors.AlreadyExists());
}

/**
 * Makes a directory, mode 0700.
 *
 * @param path must not exist
 * @throws Failure `output_error`
 */
export function makePrivateDirectory(path: string): Made {
  try {
    return asCaller(() => {
      Deno.mkdirSync(path, { mode: 0o700 });
      return madeAt(path, Deno.lstatSync(path));
    });
  } catch (error) {
    throw outputError(path, error);
  }
}

function outputError(path: string, error: unknown): Failure {
  if (error instanceof Deno.errors.AlreadyExists) {
    return new Failure(
      "output_error",
      `${quoted(path)} already exists and was left alone: choose another name`,
    );
  }
  return new Failure("output_error", `cannot write ${quoted(path)}: ${causeOf(path, error)}`);
}

function causeOf(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return `there is no directory ${quoted(dirname(resolve(path)))}`;
  }
  return messageOf(error);
}
