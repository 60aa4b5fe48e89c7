import { dirname, resolve } from "node:path/posix";
import { counted } from "../../../text/counted.ts";
import { Failure } from "../../../core/failure.ts";
import { printable } from "../../../text/printable.ts";
import { readSetting, SETTINGS } from "../../../settings.ts";
import {
  compare,
  type Database,
  enrolmentsIn,
  openBackup,
  openDatabase,
  restore as restoreUsers,
  type RestoreChanges,
} from "../../../store/backup.ts";
import { makeDirectory } from "../../../system/trusted_path.ts";
import { type AdminContext, BUSY_TIMEOUT_MS, databasePath, openVault } from "../../context.ts";
import { requireYes } from "../../terminal/question.ts";
import { json } from "../../terminal/text.ts";

/**
 * `restore FILE`: replaces the users with those in a backup while logins go on. The backup itself
 * isn't changed.
 */
export async function restore(
  context: AdminContext,
  file: string,
  options: { yes?: boolean; json?: boolean },
): Promise<void> {
  const path = resolve(file);
  const database = databasePath(context);
  using opened = new DisposableStack();
  const before = opened.use(await openExisting(database));
  if (before === null) makeDirectory(dirname(database));
  using backup = await openBackup(path, dirname(database));
  const enrolments = await enrolmentsIn(backup);
  const vault = openVault(context);
  for (const enrolment of enrolments) await vault.open(enrolment);

  const changes = await compare(before, backup);
  context.err(told(changes));
  const question = `Replace all users with the ${counted(enrolments.length, "user")} in ${
    printable(path)
  }?`;
  if (!options.yes) requireYes(context, question);
  // Not before the yes: with `totpUnenrolled allow`, an empty database would let everybody in.
  const live = before ?? opened.use(
    await openDatabase(database, {
      create: true,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
    }),
  );
  await restoreUsers(live, backup, {
    now: context.now(),
    driftSteps: readSetting(SETTINGS.driftSteps, context.read),
  });
  context.out(
    options.json
      ? json({ file: path, users: enrolments.length, ...changes })
      : `Restored ${counted(enrolments.length, "user")} from ${printable(path)}.\n`,
  );
}

/** Null where there is no database yet. */
async function openExisting(path: string): Promise<Database | null> {
  try {
    return await openDatabase(path, {
      create: false,
      busyTimeoutMs: BUSY_TIMEOUT_MS,
    });
  } catch (error) {
    const isMissing = error instanceof Failure &&
      error.code === "database_missing";
    if (isMissing) return null;
    throw error;
  }
}

/** What to know before saying yes. */
function told({ returning, going, exemptAgain }: RestoreChanges): string {
  const line = (what: string, names: readonly string[]) =>
    names.length === 0 ? "" : `${what}: ${names.map(printable).join(", ")}\n`;
  return line("Enrolled again", returning) +
    line("No longer enrolled", going) +
    line("Exempt again, without a code", exemptAgain);
}
