import type { EpochMs } from "../../../core/epoch.ts";
import { changeFile } from "../../../server_setup/setup/file_change.ts";
import { type Original, replaceFile } from "../../../server_setup/setup/replace_file.ts";
import { makeTokenSecret, newTokenSecret } from "../../../server_setup/setup/token_secret.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { instant } from "../../terminal/text.ts";
import { apparmorReader } from "./apparmor_edit.ts";
import type { Plan } from "./edit.ts";
import type { Done } from "./report.ts";

/** What was done if nothing was. */
export const NOTHING_DONE: Done = { backup: null, copies: [], apparmorBackup: null };

/**
 * Makes the key first, without which OpenVPN would not start, then AppArmor's rules and the
 * service's files, which have no effect before the administrator says so, and the configuration
 * last.
 *
 * @throws Failure `output_error`, `untrusted_path`
 */
export function carryOut(
  context: AdminContext,
  original: Original,
  { content, newSecret, files, apparmor }: Plan,
): Done {
  if (newSecret !== null) makeTokenSecret(newSecret, newTokenSecret(context.randomBytes));
  try {
    const suffix = `backup-${compact(context.now())}`;
    const read = configReader(context);
    const rules = apparmor?.change ?? null;
    const apparmorBackup = rules === null
      ? null
      : changeFile(rules, suffix, apparmorReader(context));
    const copies = files.map((file) => changeFile(file, suffix, read))
      .filter((copy) => copy !== null);
    const backup = content === null ? null : replaceFile(original, content, suffix, read);
    return { backup, copies, apparmorBackup };
  } catch (error) {
    if (newSecret !== null) Deno.removeSync(newSecret);
    throw error;
  }
}

/** A moment for a file name: `20260131-120000`, UTC. */
function compact(at: EpochMs): string {
  return instant(at).replaceAll(/[-:Z]/g, "").replace("T", "-");
}
