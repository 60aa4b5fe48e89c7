import { attemptTo } from "../login/refusal_of.ts";
import { isActingForAnother, whileActingAs } from "../system/acting_user.ts";
import { foreignOwner } from "../system/trusted_path.ts";
import { prepareIds } from "../system/user_ids.ts";

/**
 * Whose rights root's call must have for the database and the key file: if the database or a directory
 * above it belongs to another user, that user, or whoever has got hold of the account, may have put
 * anything there. What taking those rights needs is bound here: call it before foreign code is given up.
 *
 * @param path of the database; undefined if it is not known
 * @returns null for the process's own rights
 */
export function ownerToActAs(path: string | undefined): number | null {
  if (path === undefined || Deno.uid() !== 0) return null;
  const owner = foreignOwner(path);
  // What fails here fails again when the rights are taken, and then refuses the login.
  if (owner !== null) attemptTo(() => prepareIds(owner));
  return owner;
}

/** Stores that must stay open, since nothing may be done in their directories any more. */
const abandoned: Disposable[] = [];

/**
 * Opens a store, runs work on it, and closes it, all with its owner's rights.
 *
 * @param owner what {@link ownerToActAs} gave
 * @throws Failure `untrusted_path` if the rights cannot be taken; and what the work throws
 */
export async function withStoreAsOwner<S extends Disposable, T>(
  owner: number | null,
  open: () => Promise<S>,
  work: (store: S) => Promise<T>,
): Promise<T> {
  if (owner === null) {
    using store = await open();
    return await work(store);
  }
  return await whileActingAs(owner, async () => {
    const store = await open();
    try {
      return await work(store);
    } finally {
      // To close it may mean to remove files beside it.
      if (isActingForAnother()) store[Symbol.dispose]();
      else abandoned.push(store);
    }
  });
}
