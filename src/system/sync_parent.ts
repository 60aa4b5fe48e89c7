import { parentOf } from "./trusted_path.ts";

/**
 * Waits until the disk has the names in a path's directory: a file that was made or renamed is safe
 * only when its name is.
 *
 * @throws Deno.errors.* when the system refuses
 */
export function syncParent(path: string): void {
  using directory = Deno.openSync(parentOf(path), { read: true });
  directory.syncSync();
}
