import { isActingForAnother, whileActingAs } from "../system/acting_user.ts";
import { foreignOwner } from "../system/trusted_path.ts";

/**
 * Runs root's work with the rights of whoever a file, or a directory above it, belongs to: that user
 * may have put anything there. Nothing else may run meanwhile.
 *
 * @param path absolute; null for the rights that the process has
 * @throws Failure `untrusted_path`, and what the work throws
 */
export async function withOwnersRights<T>(
  path: string | null,
  work: () => Promise<T>,
): Promise<T> {
  const isRoot = Deno.uid() === 0 && !isActingForAnother();
  const owner = path === null || !isRoot ? null : foreignOwner(path);
  return owner === null ? await work() : await whileActingAs(owner, work);
}
