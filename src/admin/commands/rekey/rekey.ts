import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import type { Enrolment, SealedSecret } from "../../../core/enrolment.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import { json } from "../../terminal/text.ts";

/** `rekey`: seals all secrets with a new key. Logins go on meanwhile. */
export async function rekey(context: AdminContext, options: { json?: boolean }): Promise<void> {
  const vault = openVault(context);
  const users = await withStore(context, { create: false }, async (store) => {
    const enrolments = await store.list();
    const key = await vault.addKey(enrolments);
    // Sealing takes long: what others write meanwhile is sealed in the next round.
    let rest = enrolments;
    while (rest.length > 0) {
      const secrets: { enrolment: Enrolment; sealed: SealedSecret }[] = [];
      for (const enrolment of rest) {
        const sealed = await vault.reseal(enrolment, key);
        secrets.push({ enrolment, sealed });
      }
      await store.replaceSecrets(secrets);
      // Those of a concurrent rekey are left out: otherwise this could go on for ever.
      rest = (await store.list()).filter((one) => vault.isOlder(one, key));
    }
    return enrolments.length;
  });
  context.out(
    options.json
      ? json({ rekeyed: true, users, keyFile: vault.path })
      : `Sealed the secrets of ${counted(users, "user")} ` +
        `with a new key, the last one in ${printable(vault.path)}.\n` +
        "The older keys stay there for older backups and for other databases: remove their lines " +
        "once there are none.\n",
  );
}
