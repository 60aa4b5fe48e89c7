import { Failure } from "../../core/failure.ts";
import { CHOOSE_ANOTHER, IF_OURS, isOurDirectory, parentOf } from "../../system/trusted_path.ts";
import type { RunUser } from "./set_up.ts";

/** A user that the system has. */
export type KnownUser = RunUser & { uid: number };

/**
 * Makes sure that a user owns a file and can reach it, since root could open it in any case. If
 * there is no such file, it does nothing: the error from opening the file is clearer.
 *
 * @throws Failure `untrusted_path`
 */
export function requireAccess(path: string, user: KnownUser): void {
  let real: string;
  let owner: number | null;
  try {
    real = Deno.realPathSync(path);
    owner = Deno.statSync(real).uid;
  } catch {
    return;
  }
  const { name, uid } = user;
  if (owner !== uid) {
    throw new Failure(
      "untrusted_path",
      `${real} belongs to uid ${owner}, but the program runs as ${name}: ` +
        `chown ${name} ${real} ${IF_OURS}`,
    );
  }
  const closed = directoriesAbove(real).find((directory) => !canEnter(directory, user));
  if (closed === undefined) return;
  const advice = isOurDirectory(closed)
    ? `chown ${name} ${closed}`
    : `${CHOOSE_ANOTHER} for the database or the key file (docs/codes-only.md)`;
  throw new Failure(
    "untrusted_path",
    `the program runs as ${name}, who cannot enter ${closed}: ${advice}`,
  );
}

/** The directories on the way to a file, from the nearest to `/`. */
function directoriesAbove(path: string): string[] {
  const directory = parentOf(path);
  return directory === "/" ? ["/"] : [directory, ...directoriesAbove(directory)];
}

function canEnter(directory: string, { uid, gid }: KnownUser): boolean {
  const info = Deno.statSync(directory);
  const shift = info.uid === uid ? 6 : info.gid === gid ? 3 : 0;
  return (((info.mode ?? 0) >> shift) & 1) !== 0;
}
