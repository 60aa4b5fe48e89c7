import { dirname, resolve } from "node:path/posix";
import { Failure } from "../core/failure.ts";
import { printable } from "../core/printable.ts";
import { readSetting, SETTINGS } from "../settings.ts";
import {
  compare,
  openBackup,
  requireWhole,
  restore as restoreUsers,
  type RestoreChanges,
} from "../store/sqlite/backup.ts";
import { openDatabase } from "../store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../store/sqlite/enrolment_store.ts";
import {
  type AdminContext,
  BUSY_TIMEOUT_MS,
  databasePath,
  openVault,
} from "./context.ts";
import { askYesNo } from "./question.ts";
import { json } from "./text.ts";

/**
 * `restore FILE`: replaces the users by those of a backup, while logins go on. The backup itself stays
 * as it is.
 */
export async function restore(
  context: AdminContext,
  file: string,
  options: { yes?: boolean; json?: boolean },
): Promise<void> {
  const path = resolve(file);
  const database = databasePath(context);
  using live = await openDatabase(database, {
    create: true,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  });
  using backup = await openBackup(path, dirname(database));
  requireWhole(backup, path);
  const enrolments = await new SqliteEnrolmentStore(backup).list();
  const vault = openVault(context);
  for (const enrolment of enrolments) await vault.open(enrolment);

  const changes = compare(live, backup);
  context.err(told(changes));
  const question = `Replace all users by the ${enrolments.length} of ${
    printable(path)
  }?`;
  if (!options.yes && !askYesNo(context, question, "--yes")) {
    throw new Failure("cancelled", "cancelled: nothing was changed");
  }
  await restoreUsers(live, backup, {
    nowMs: context.now(),
    driftSteps: readSetting(SETTINGS.driftSteps, context.read),
  });
  context.out(
    options.json
      ? json({ file: path, users: enrolments.length, ...changes })
      : `Restored ${enrolments.length} user${
        enrolments.length === 1 ? "" : "s"
      } from ${printable(path)}.\n`,
  );
}

/** What somebody should know before they say yes. */
function told({ returning, going, exemptAgain }: RestoreChanges): string {
  const line = (what: string, names: readonly string[]) =>
    names.length === 0 ? "" : `${what}: ${names.map(printable).join(", ")}\n`;
  return line("Enrolled again", returning) +
    line("No longer enrolled", going) +
    line("Exempt again, without a code", exemptAgain);
}
