import { followTrusted, parentOf } from "../../system/trusted_path.ts";
import { messageOf } from "../../text/message_of.ts";
import type { Directory, Script } from "./set_up.ts";

/** The file at a path that OpenVPN is configured to run. */
export function scriptAt(path: string): Script {
  try {
    const real = Deno.realPathSync(path);
    const { isFile, mode } = Deno.statSync(real);
    if (!isFile) return NO_SCRIPT;
    const isExecutable = ((mode ?? 0) & 0o111) !== 0;
    return { real, isExecutable, trouble: troubleOf(path) ?? writersOf(real) };
  } catch {
    return NO_SCRIPT;
  }
}

const NO_SCRIPT: Script = { real: null, isExecutable: false, trouble: null };

/** Who else could change a file or replace it on the way there, in words; null if nobody could. */
export function troubleOf(path: string): string | null {
  try {
    return writersOf(followTrusted(path, 0).path);
  } catch (error) {
    return messageOf(error);
  }
}

function writersOf(path: string): string | null {
  return othersAt(path, 0o022, `others can write to ${path}: chmod go-w ${path}`);
}

/** Who else can read a file that only its owner should read, in words; null if nobody can. */
export function readersOf(path: string): string | null {
  return othersAt(path, 0o077, `others can read ${path}: chmod 600 ${path}`);
}

/** The given words if a file's mode has any of some bits, or why it cannot be told. */
function othersAt(path: string, bits: number, words: string): string | null {
  try {
    const { isFile, mode } = Deno.statSync(path);
    // Closing a device or a directory to others could break the machine.
    if (!isFile) return `${path} is not a regular file: choose another one`;
    return ((mode ?? 0) & bits) === 0 ? null : words;
  } catch (error) {
    return messageOf(error);
  }
}

/** Who else could put another directory in a directory's place, in words; null if nobody could. */
export function troubleAbove(path: string, uid: number): string | null {
  try {
    for (let at = Deno.realPathSync(path); at !== "/";) {
      at = parentOf(at);
      const { uid: owner, mode } = Deno.statSync(at);
      if (owner !== 0 && owner !== uid) return `${at} belongs to uid ${owner}`;
      const isOpen = ((mode ?? 0) & 0o022) !== 0 && ((mode ?? 0) & 0o1000) === 0;
      if (isOpen) return `others can write to ${at}`;
    }
    return null;
  } catch {
    // A directory that does not exist, or is below /dev, has a finding of its own.
    return null;
  }
}

/** A directory's owner and mode; null if there is none. */
export function directoryAt(path: string): Directory | null {
  // Deno refuses to look below /dev, whatever is there.
  try {
    const { isDirectory, uid, gid, mode } = Deno.statSync(path);
    return isDirectory ? { uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? 0 } : null;
  } catch {
    return null;
  }
}
