import { followTrusted, parentOf } from "../../system/trusted_path.ts";
import type { Directory, Script } from "./set_up.ts";

/** What lies where OpenVPN is told to run something. */
export function scriptAt(path: string): Script {
  try {
    const real = Deno.realPathSync(path);
    const { isFile, mode } = Deno.statSync(real);
    const isExecutable = isFile && ((mode ?? 0) & 0o111) !== 0;
    return { real, isExecutable, trouble: troubleOf(path) ?? writers(real) };
  } catch {
    return { real: null, isExecutable: false, trouble: null };
  }
}

/** Who else could change a file on its way there, in words; null for nobody. */
export function troubleOf(path: string): string | null {
  try {
    const { path: real } = followTrusted(path, 0);
    return writers(real);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function writers(path: string): string | null {
  try {
    const mode = Deno.statSync(path).mode ?? 0;
    return (mode & 0o022) === 0 ? null : `others can write ${path}: chmod go-w ${path}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Who else can read a file that should be its owner's alone, in words; null for nobody. */
export function readersOf(path: string): string | null {
  try {
    const mode = Deno.statSync(path).mode ?? 0;
    return (mode & 0o077) === 0 ? null : `others can read ${path}: chmod 600 ${path}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Who else could put another directory in a directory's place, in words; null for nobody. */
export function troubleAbove(path: string, uid: number): string | null {
  try {
    for (let at = Deno.realPathSync(path); at !== "/";) {
      at = parentOf(at);
      const { uid: owner, mode } = Deno.statSync(at);
      const isOpen = ((mode ?? 0) & 0o022) !== 0 &&
        ((mode ?? 0) & 0o1000) === 0;
      if (owner !== 0 && owner !== uid) return `${at} belongs to uid ${owner}`;
      if (isOpen) return `others can write in ${at}: chmod go-w ${at}`;
    }
    return null;
  } catch {
    // What isn't there, or is below /dev, is looked at by itself.
    return null;
  }
}

/** A directory's owner and mode; null where there is none. */
export function directoryAt(path: string): Directory | null {
  // Deno refuses to look below /dev, whatever is there.
  try {
    const { isDirectory, uid, gid, mode } = Deno.statSync(path);
    return isDirectory ? { uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? 0 } : null;
  } catch {
    return null;
  }
}
