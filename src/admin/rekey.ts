import { printable } from "../core/printable.ts";
import { type AdminContext, openVault, withStore } from "./context.ts";
import { json } from "./text.ts";

/** `rekey`: seals all secrets with a new key. Logins go on meanwhile. */
export async function rekey(
  context: AdminContext,
  options: { json?: boolean },
): Promise<void> {
  const vault = openVault(context);
  const users = await withStore(
    context,
    { create: false },
    (store) => store.resealAll((enrolments) => vault.rekey(enrolments)),
  );
  context.out(
    options.json
      ? json({ rekeyed: true, users, keyFile: vault.path })
      : `Sealed the secrets of ${users} user${users === 1 ? "" : "s"} ` +
        `with a new key, the last in ${printable(vault.path)}.\n` +
        "The older keys stay there for older copies of the database, and for other databases: " +
        "remove their lines when there are none.\n",
  );
}
