import { dirname, resolve } from "node:path/posix";
import { Failure } from "../../../core/failure.ts";
import { printable, quoted } from "../../../text/printable.ts";
import { readConfig, type ReadFile } from "../../../server_setup/openvpn_config/read_config.ts";
import type { AdminContext } from "../../context.ts";
import { readInputFile } from "../../input_file.ts";
import {
  findConfig,
  MAX_CONFIG_BYTES,
  unitNameFor,
} from "../../../server_setup/configuration/config_file.ts";
import { requirePlainPath } from "../../../server_setup/configuration/hook_lines.ts";
import { scriptAt } from "../../../server_setup/doctor/file_facts.ts";
import { askYesNo } from "../../terminal/question.ts";
import { differenceText, hasChanges } from "./difference.ts";
import { bytesOf, editedText, textOf } from "../../../server_setup/setup/lines.ts";
import { planSetup } from "../../../server_setup/setup/plan.ts";
import {
  type Original,
  readOriginal,
  replaceFile,
} from "../../../server_setup/setup/replace_file.ts";
import { requireSound } from "../../../server_setup/setup/require_sound.ts";
import { instant, json } from "../../terminal/text.ts";

/** Options of `setup`. */
export interface SetupOptions {
  config?: string;
  program?: string;
  replace?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `setup`: puts the lines that logins need into OpenVPN's configuration. */
export function setup(
  context: AdminContext,
  options: SetupOptions,
): void {
  if (options.json && !options.yes && !options.dryRun) {
    throw new Failure("usage", "--json asks nothing: add --yes or --dry-run");
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
  if (!options.json) tellDifference(context, named, difference);
  if (trouble !== null) {
    context.err(
      `openvpn-totp: warning: ${printable(trouble)}: ` +
        "who can change the program sees all passwords, and runs as root\n",
    );
  }
  if (isWritten && !options.yes) confirm(context, named);
  const suffix = `backup-${compact(context.now())}`;
  const backup = isWritten ? replaceFile(original, content, suffix, read) : null;
  if (options.json) {
    const changes = content !== null;
    context.out(json({ config: original.path, program, changes, backup }));
  } else if (backup !== null) context.out(afterwards(original, named, backup));
}

function configReader(context: AdminContext): ReadFile {
  return (path) => readInputFile(context, "the configuration", path, MAX_CONFIG_BYTES);
}

/** Null where nothing is to change. */
function edit(
  context: AdminContext,
  { path, content }: Original,
  named: string,
  wish: { program: string; replace: boolean },
): { content: Uint8Array | null; difference: string | null } {
  const read = configReader(context);
  // OpenVPN opens what relative paths name from where the link lies, not its end.
  const directory = dirname(named);
  const before = readConfig(path, { directory, readFile: read });
  if (before.error !== null) {
    const { file, line, message } = before.error;
    throw new Failure(
      "config_error",
      `OpenVPN can't read ${quoted(file)}, line ${line}: ${message}: mend it first`,
    );
  }
  const isProgram = (path: string) =>
    realPath(resolve(before.directory, path)) === realPath(wish.program);
  const options = { path, isProgram, ...wish };
  const lines = planSetup(textOf(content), before, options);
  if (!hasChanges(lines)) return { content: null, difference: null };
  const edited = bytesOf(editedText(lines));
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
    // As one that can't be run.
  }
  if ((mode & 0o111) !== 0) return;
  throw new Failure(
    "usage",
    `the program ${quoted(path)} can't be run: name the installed one by --program`,
  );
}

function tellDifference(
  context: AdminContext,
  path: string,
  difference: string | null,
): void {
  context.out(
    difference ?? `${printable(path)} has all lines: nothing to change.\n`,
  );
}

function confirm(context: AdminContext, path: string): void {
  const question = `Change ${printable(path)}?`;
  if (askYesNo(context, question, "--yes")) return;
  throw new Failure("cancelled", "cancelled: nothing was changed");
}

function afterwards(
  { path }: Original,
  named: string,
  backup: string,
): string {
  const unit = unitNameFor(named);
  const restart = unit === null ? "restart OpenVPN" : `systemctl restart ${unit}`;
  return `Changed ${printable(path)}; as it was: ${printable(backup)}\n` +
    "Now: openvpn-totp doctor\n" +
    `Then: ${printable(restart)}\n`;
}

/** A moment as file names have it: `20260131-120000`, UTC. */
function compact(ms: number): string {
  return instant(ms).replaceAll(/[-:Z]/g, "").replace("T", "-");
}

function realPath(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch {
    return null;
  }
}
