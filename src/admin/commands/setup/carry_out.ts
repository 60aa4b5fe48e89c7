import type { EpochMs } from "../../../core/epoch.ts";
import { Failure, isSystemError } from "../../../core/failure.ts";
import { changeFile, type FileChange } from "../../../server_setup/setup/file_change.ts";
import type { Original } from "../../../server_setup/setup/replace_file.ts";
import { makeTokenSecret, newTokenSecret } from "../../../server_setup/setup/token_secret.ts";
import { syncParent } from "../../../system/sync_parent.ts";
import { parentOf } from "../../../system/trusted_path.ts";
import { quoted } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { instant } from "../../terminal/text.ts";
import { apparmorReader } from "./apparmor_edit.ts";
import type { Plan } from "./edit.ts";
import type { Done } from "./report.ts";

/** What was done if nothing was. */
export const NOTHING_DONE: Done = { backup: null, copies: [], apparmorBackup: null };

/** A file that was written. */
interface Written {
  path: string;
  /** Whether there was none. */
  isNew: boolean;
  /** The old version's copy; null for none. */
  copy: string | null;
}

/**
 * Makes the key first, without which OpenVPN would not start, then AppArmor's rules and the
 * service's files, without which it would refuse logins, and the configuration last. All of it is
 * on the disk when this returns.
 *
 * @throws Failure `output_error`, `untrusted_path`; it says which files were written before
 */
export function carryOut(context: AdminContext, original: Original, plan: Plan): Done {
  const { newSecret } = plan;
  const written: Written[] = [];
  try {
    if (newSecret !== null) {
      makeTokenSecret(newSecret, newTokenSecret(context.randomBytes));
      written.push({ path: newSecret, isNew: true, copy: null });
    }
    return writeFiles(context, original, plan, written);
  } catch (error) {
    throw written.length > 0 && error instanceof Failure ? halfDone(error, written) : error;
  }
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
    const { path, original } = change;
    const copy = changeFile(change, suffix, readFile);
    written.push({ path, isNew: original === null, copy });
    keep(original?.path ?? path);
    return copy;
  };
  const rules = apparmor?.change ?? null;
  const apparmorBackup = rules === null ? null : write(rules, apparmorReader(context));
  const copies = files.map((file) => write(file)).filter((copy) => copy !== null);
  const { path } = original;
  const backup = content === null ? null : write({ path, content, original, keepsCopy: true });
  return { backup, copies, apparmorBackup };
}

/** A file that was written stays if this fails: what else was written may name it. */
function keep(path: string): void {
  try {
    syncParent(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Failure(
      "output_error",
      `the disk may not keep what was written to ${quoted(parentOf(path))}: ${error.message}`,
    );
  }
}

/** The system may use these files from its next start on, and OpenVPN still the old configuration. */
function halfDone({ code, message }: Failure, written: readonly Written[]): Failure {
  return new Failure(
    code,
    `${message}; before that, setup wrote ${
      written.map(named).join(", ")
    }, and that stays: run setup again, or put the old versions back and remove what is new`,
  );
}

function named({ path, isNew, copy }: Written): string {
  if (copy !== null) return `${quoted(path)} (the old version is ${quoted(copy)})`;
  return `${quoted(path)} (${isNew ? "new" : "in place of one that setup had written"})`;
}

/** A moment for a file name: `20260131-120000`, UTC. */
function compact(at: EpochMs): string {
  return instant(at).replaceAll(/[-:Z]/g, "").replace("T", "-");
}
