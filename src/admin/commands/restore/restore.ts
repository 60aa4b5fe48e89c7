import { resolve } from "node:path/posix";
import type { RestoreChanges } from "../../../core/restore.ts";
import { counted } from "../../../text/counted.ts";
import { printable } from "../../../text/printable.ts";
import { readSetting, SETTINGS } from "../../../settings.ts";
import { type AdminContext, openDatabaseBackups, openVault } from "../../context.ts";
import { requireYes } from "../../terminal/question.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
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
  using backups = await openDatabaseBackups(context, { create: true });
  using backup = await backups.open(path);
  const enrolments = await backup.enrolments();
  const vault = openVault(context);
  for (const enrolment of enrolments) await vault.open(enrolment);

  const changes = await backup.changes();
  context.err(told(changes));
  const question = `Replace all users with the ${counted(enrolments.length, "user")} in ${
    printable(path)
  }?`;
  if (!options.yes) requireYes(context, question);
  await backup.restore({
    now: context.now(),
    driftSteps: readSetting(SETTINGS.driftSteps, context.read),
  });
  context.out(
    options.json
      ? json({ file: path, users: enrolments.length, ...changes } satisfies Printed<"restore">)
      : `Restored ${counted(enrolments.length, "user")} from ${printable(path)}.\n`,
  );
}

/** What to know before saying yes. */
function told({ returning, going, exemptAgain }: RestoreChanges): string {
  const line = (what: string, names: readonly string[]) =>
    names.length === 0 ? "" : `${what}: ${names.map(printable).join(", ")}\n`;
  return line("Enrolled again", returning) +
    line("No longer enrolled", going) +
    line("Exempt again, without a code", exemptAgain);
}
