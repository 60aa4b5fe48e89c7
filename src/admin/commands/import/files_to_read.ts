import { Failure } from "../../../core/failure.ts";
import { MAX_ENTRIES } from "../../../migration/reading.ts";
import { messageOf } from "../../../text/message_of.ts";
import { quoted } from "../../../text/printable.ts";
import type { AdminContext } from "../../context.ts";
import { namedUser, splitOwner } from "./file_owner.ts";

/** How many names a warning lists. */
const MAX_LISTED = 10;

/** A file to read. */
export interface FileToRead {
  /** As it was given, or as it is called within a directory that was given. */
  file: string;
  /** Who keeps the files of all users: the owner of the directory that was given; otherwise null. */
  keeperUid: number | null;
}

/**
 * Puts the files of a directory in its place: those named `USER.google_authenticator`, as they are
 * kept for an OpenVPN server (`secret=` of the PAM module). It warns of what else is there.
 *
 * @param files as they were given
 * @throws Failure `input_error` for a directory without such files
 */
export function filesToRead(context: AdminContext, files: readonly string[]): FileToRead[] {
  return files.flatMap((file) => {
    const { path, owner } = splitOwner(file);
    const directory = file === "-" ? null : directoryAt(path);
    if (directory === null) return [{ file, keeperUid: null }];
    if (owner === undefined) {
      return filesIn(context, path).map((file) => ({ file, keeperUid: directory.uid }));
    }
    throw new Failure(
      "usage",
      `${quoted(file)} is a directory, whose files are named after their users: leave out USER=`,
    );
  });
}

function filesIn(context: AdminContext, directory: string): string[] {
  const entries = entriesOf(directory);
  const isMeant = ({ name, isFile }: Deno.DirEntry) => isFile && namedUser(name) !== null;
  const others = entries.filter((entry) => !isMeant(entry)).map(({ name }) => quoted(name));
  const names = entries.filter(isMeant).map(({ name }) => name).sort();
  if (names.length === 0) {
    throw new Failure(
      "input_error",
      `the directory ${quoted(directory)} has no files named USER.google_authenticator`,
    );
  }
  if (others.length > 0) {
    const more = others.length > MAX_LISTED ? ` and ${others.length - MAX_LISTED} more` : "";
    context.warn(
      `only files named USER.google_authenticator are read in ${quoted(directory)}, not ` +
        others.slice(0, MAX_LISTED).join(", ") + more,
    );
  }
  return names.map((name) => `${directory.replace(/\/+$/, "")}/${name}`);
}

/** @throws Failure `input_error` */
function entriesOf(directory: string): Deno.DirEntry[] {
  const entries: Deno.DirEntry[] = [];
  try {
    for (const entry of Deno.readDirSync(directory)) {
      if (entries.push(entry) > MAX_ENTRIES) {
        throw new Error(`it has more than ${MAX_ENTRIES} files`);
      }
    }
  } catch (error) {
    const what = `cannot read the directory ${quoted(directory)}: ${messageOf(error)}`;
    throw new Failure("input_error", what);
  }
  return entries;
}

function directoryAt(path: string): Deno.FileInfo | null {
  try {
    const found = Deno.statSync(path);
    return found.isDirectory ? found : null;
  } catch {
    return null;
  }
}
