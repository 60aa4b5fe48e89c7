import { dirname, resolve } from "node:path/posix";
import type { EpochMs } from "../../../core/epoch.ts";
import { Failure } from "../../../core/failure.ts";
import { decodeLatin1, encodeLatin1 } from "../../../text/latin1.ts";
import { printable, quoted } from "../../../text/printable.ts";
import { readConfig } from "../../../server_setup/openvpn_config/read_config.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { findConfig, unitNameFor } from "../../../server_setup/configuration/config_file.ts";
import { requirePlainPath } from "../../../server_setup/configuration/hook_lines.ts";
import { scriptAt } from "../../../server_setup/doctor/file_facts.ts";
import { requireYes } from "../../terminal/question.ts";
import { differenceText, hasChanges } from "./difference.ts";
import type { SetupOptions } from "./options.ts";
import { editedText } from "../../../server_setup/setup/lines.ts";
import { planSetup } from "../../../server_setup/setup/plan.ts";
import {
  type Original,
  readOriginal,
  replaceFile,
} from "../../../server_setup/setup/replace_file.ts";
import { requireSound } from "../../../server_setup/setup/require_sound.ts";
import { instant, json } from "../../terminal/text.ts";

/** `setup`: adds the lines that logins need to OpenVPN's configuration. */
export function setup(context: AdminContext, options: SetupOptions): void {
  if (options.json && !options.yes && !options.dryRun) {
    throw new Failure("usage", "--json cannot ask for confirmation: add --yes or --dry-run");
  }
  const program = resolve(options.program ?? Deno.execPath());
  requireProgram(program);
  const { trouble } = scriptAt(program);
  const read = configReader(context);
  const named = findConfig(options.config);
  const original = readOriginal(named, read);
  const { content, difference } = edit(context, original, named, {
    program,
    replace: options.replace ?? false,
  });
  const isWritten = content !== null && !options.dryRun;
  if (!options.json) {
    context.out(difference ?? `${printable(named)} already has all lines: nothing to change.\n`);
  }
  if (trouble !== null) {
    context.warn(
      `${printable(trouble)} ` +
        "(anyone who can change the program can read all passwords and run commands as root)",
    );
  }
  if (isWritten && !options.yes) requireYes(context, `Change ${printable(named)}?`);
  const suffix = `backup-${compact(context.now())}`;
  const backup = isWritten ? replaceFile(original, content, suffix, read) : null;
  if (options.json) {
    const changes = content !== null;
    context.out(json({ config: original.path, program, changes, backup }));
  } else if (backup !== null) context.out(afterwards(original, named, backup));
}

/** Both are null where nothing would change. */
function edit(
  context: AdminContext,
  { path, content }: Original,
  named: string,
  wish: { program: string; replace: boolean },
): { content: Uint8Array | null; difference: string | null } {
  const read = configReader(context);
  // OpenVPN resolves relative paths from the directory of the link, not of the file it leads to.
  const directory = dirname(named);
  const before = readConfig(path, { directory, readFile: read });
  if (before.error !== null) {
    const { file, line, message } = before.error;
    throw new Failure(
      "config_error",
      `OpenVPN cannot read ${quoted(file)}, line ${line}: ${message}: fix it first`,
    );
  }
  const isProgram = (path: string) =>
    realPath(resolve(before.directory, path)) === realPath(wish.program);
  const options = { path, isProgram, ...wish };
  const lines = planSetup(decodeLatin1(content), before, options);
  if (!hasChanges(lines)) return { content: null, difference: null };
  const edited = encodeLatin1(editedText(lines));
  const after = readConfig(path, {
    directory,
    readFile: (file) => file === path ? edited : read(file),
  });
  requireSound(before, after, options);
  const difference = differenceText(path, lines, before, context.screen);
  return { content: edited, difference };
}

function requireProgram(path: string): void {
  requirePlainPath(path);
  let mode = 0;
  try {
    const info = Deno.statSync(path);
    mode = info.isFile ? info.mode ?? 0 : 0;
  } catch {
    // The same as a program that can't be run.
  }
  if ((mode & 0o111) !== 0) return;
  throw new Failure(
    "usage",
    `the program ${quoted(path)} cannot be run: name the installed one with --program`,
  );
}

function afterwards({ path }: Original, named: string, backup: string): string {
  const unit = unitNameFor(named);
  const restart = unit === null ? "restart OpenVPN" : `systemctl restart ${unit}`;
  return `Changed ${printable(path)}; the old version is ${printable(backup)}\n` +
    "Next: openvpn-totp doctor\n" +
    `Then: ${printable(restart)}\n`;
}

/** A moment for a file name: `20260131-120000`, UTC. */
function compact(at: EpochMs): string {
  return instant(at).replaceAll(/[-:Z]/g, "").replace("T", "-");
}

function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null;
  }
}
