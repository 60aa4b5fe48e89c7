import type { Enrolment, SealedSecret } from "../../../core/enrolment.ts";
import { Failure } from "../../../core/failure.ts";
import type { SecretKey } from "../../../secrets/sealed_secret.ts";
import type { Vault } from "../../../secrets/vault.ts";
import type { EnrolmentStore } from "../../../store/store.ts";
import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import { type AdminContext, databasePlace, openVault, withStore } from "../../context.ts";
import { requireYes } from "../../terminal/question.ts";
import type { Printed, PrintedAlso } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";
import type { RekeyOptions } from "./options.ts";

/**
 * `rekey`: seals all secrets with a new key. Logins go on meanwhile. Servers that share a database
 * would refuse users whose secrets are sealed with a key that they do not have, so there the key is
 * added first (`--add`), and has to be on all of them before anything is sealed with it.
 */
export async function rekey(context: AdminContext, options: RekeyOptions): Promise<void> {
  const vault = openVault(context);
  const isShared = databasePlace(context).engine === "postgres";
  if (options.add) return await addNext(context, vault, options);
  const users = await withStore(context, { create: false }, async (store) => {
    const enrolments = await store.list();
    const key = isShared
      ? await sharedKey(context, vault, { enrolments, isSure: options.yes ?? false })
      : await ownKey(vault, enrolments);
    await sealAll(store, vault, { key, enrolments });
    return enrolments.length;
  });
  const { path: keyFile } = vault;
  context.out(
    options.json
      ? json({ rekeyed: true, users, keyFile } satisfies Printed<"rekey">)
      : told(users, vault, isShared),
  );
}

async function addNext(context: AdminContext, vault: Vault, { json: asJson }: RekeyOptions) {
  const next = vault.nextKey();
  if (next !== null) {
    throw new Failure(
      "key_error",
      `${vault.path} has a next key already (${next.id}): copy the file to every server that shares ` +
        "the database, then run rekey",
    );
  }
  const { id } = await withStore(
    context,
    { create: false },
    async (store) => await vault.addNextKey(await store.list()),
  );
  const { path: keyFile } = vault;
  const added = { rekeyed: false, added: id, keyFile } satisfies PrintedAlso<"rekey">;
  context.out(
    asJson ? json(added) : (
      `Added the key ${id} to ${
        printable(vault.path)
      } as the next one; nothing is sealed with it ` +
      "yet.\n" +
      "Copy the key file to every server that shares the database. When all of them have it, run " +
      "rekey here.\n"
    ),
  );
}

/** A new key, or the next one if it was added before. */
async function ownKey(vault: Vault, enrolments: readonly Enrolment[]): Promise<SecretKey> {
  const next = vault.nextKey();
  return next === null ? await vault.addKey(enrolments) : await vault.takeNextKey(next, enrolments);
}

/** The next key; or the newest one, where an earlier `rekey` with it was interrupted. */
async function sharedKey(
  context: AdminContext,
  vault: Vault,
  { enrolments, isSure }: { enrolments: readonly Enrolment[]; isSure: boolean },
): Promise<SecretKey> {
  const next = vault.nextKey();
  const newest = vault.newestKey();
  const isUnfinished = newest !== null && enrolments.some((one) => vault.isOlder(one, newest));
  const key = next ?? (isUnfinished ? newest : null);
  if (key === null) {
    throw new Failure(
      "key_error",
      "other servers may share the database, and would refuse users whose secrets are sealed with a " +
        "key that they do not have: run rekey --add first, and copy the key file to all of them",
    );
  }
  if (!isSure) {
    requireYes(context, `Does every server that shares the database have the key ${key.id}?`);
  }
  return next === null ? key : await vault.takeNextKey(next, enrolments);
}

async function sealAll(
  store: EnrolmentStore,
  vault: Vault,
  { key, enrolments }: { key: SecretKey; enrolments: readonly Enrolment[] },
): Promise<void> {
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
}

function told(users: number, { path }: Vault, isShared: boolean): string {
  return `Sealed the secrets of ${counted(users, "user")} ` +
    `with a new key, the last one in ${printable(path)}.\n` +
    (isShared
      ? "Copy the key file to every server that shares the database once more: until then, they seal " +
        "new secrets with an older key.\n"
      : "") +
    "The older keys stay there for older backups and for other databases: remove their lines " +
    "once there are none.\n";
}
