import type { EpochMs } from "../../../core/epoch.ts";
import { Failure } from "../../../core/failure.ts";
import { changeFile, type FileChange } from "../../../server_setup/setup/file_change.ts";
import { type Original, replaceFile } from "../../../server_setup/setup/replace_file.ts";
import { makeTokenSecret, newTokenSecret } from "../../../server_setup/setup/token_secret.ts";
import { quoted } from "../../../text/printable.ts";
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
 * service's files, without which it would refuse logins, and the configuration last.
 *
 * @throws Failure `output_error`, `untrusted_path`; it says which files were changed before
 */
export function carryOut(context: AdminContext, original: Original, plan: Plan): Done {
  const { newSecret } = plan;
  if (newSecret !== null) makeTokenSecret(newSecret, newTokenSecret(context.randomBytes));
  const written: Written[] = [];
  try {
    return writeFiles(context, original, plan, written);
  } catch (error) {
    if (newSecret !== null) Deno.removeSync(newSecret);
    throw written.length > 0 && error instanceof Failure ? halfDone(error, written) : error;
  }
}

/** A file that was written, and its old version's copy; null for none. */
interface Written {
  path: string;
  copy: string | null;
}

/** @param written is given each file as it is written */
function writeFiles(
  context: AdminContext,
  original: Original,
  { content, files, apparmor }: Plan,
  written: Written[],
): Done {
  const suffix = `backup-${compact(context.now())}`;
  const read = configReader(context);
  const write = (change: FileChange, readFile = read) => {
    const copy = changeFile(change, suffix, readFile);
    written.push({ path: change.path, copy });
    return copy;
  };
  const rules = apparmor?.change ?? null;
  const apparmorBackup = rules === null ? null : write(rules, apparmorReader(context));
  const copies = files.map((file) => write(file)).filter((copy) => copy !== null);
  const backup = content === null ? null : replaceFile(original, content, suffix, read);
  return { backup, copies, apparmorBackup };
}

/** The system may use these files from its next start on, and OpenVPN still the old configuration. */
function halfDone({ code, message }: Failure, written: readonly Written[]): Failure {
  const files = written.map(({ path, copy }) =>
    copy === null ? quoted(path) : `${quoted(path)} (the old version is ${quoted(copy)})`
  );
  return new Failure(
    code,
    `${message}; before that, setup wrote ${
      files.join(", ")
    }, and that stays: take it back if you do not run setup again`,
  );
}

/** A moment for a file name: `20260131-120000`, UTC. */
function compact(at: EpochMs): string {
  return instant(at).replaceAll(/[-:Z]/g, "").replace("T", "-");
}
