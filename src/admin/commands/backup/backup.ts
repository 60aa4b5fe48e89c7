import { resolve } from "node:path/posix";
import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { printable } from "../../../text/printable.ts";
import { followTrusted } from "../../../system/trusted_path.ts";
import { type AdminContext, openDatabaseBackups, openVault } from "../../context.ts";
import { removeMade, writePrivateFile } from "../../output_file.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { json } from "../../terminal/text.ts";

/** `backup FILE`: copies the database while logins go on, and checks the copy. */
export async function backup(
  context: AdminContext,
  file: string,
  options: { json?: boolean },
): Promise<void> {
  const path = resolve(file);
  // Before anything is written: others who can write there could place a link to another database.
  requireTrustedPlace(path);
  using backups = await openDatabaseBackups(context, { create: false });
  const made = writePrivateFile(path, new Uint8Array());
  try {
    const users = await backups.backUp(path);
    tell(context, path, users, options);
  } catch (error) {
    removeMade(made);
    throw error;
  }
}

/** @throws Failure `untrusted_path` */
function requireTrustedPlace(path: string): void {
  try {
    followTrusted(path);
  } catch (error) {
    // The error of making the file will say more clearly what the system refuses.
    if (error instanceof Failure) throw error;
  }
}

function tell(
  context: AdminContext,
  path: string,
  users: number,
  options: { json?: boolean },
): void {
  const keyFile = openVault(context).path;
  context.out(
    options.json
      ? json({ file: path, users, keyFile } satisfies Printed<"backup">)
      : `Backed up ${counted(users, "user")} to ${printable(path)}.\n` +
        `The backup does not contain the key file ${printable(keyFile)}: keep a copy of that ` +
        "somewhere else. Without it, nobody can open the secrets in the backup; anyone who has both " +
        "can make every code.\n",
  );
}
