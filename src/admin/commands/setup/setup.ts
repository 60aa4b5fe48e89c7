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
import { planSetup, type SetupWish } from "../../../server_setup/setup/plan.ts";
import {
  type Original,
  readOriginal,
  replaceFile,
} from "../../../server_setup/setup/replace_file.ts";
import {
  makeTokenSecret,
  needsTokenSecret,
  newTokenSecret,
} from "../../../server_setup/setup/token_secret.ts";
import { requireSound } from "../../../server_setup/setup/require_sound.ts";
import { instant, json } from "../../terminal/text.ts";

/** What the options ask for. */
type Wish = Pick<SetupWish, "program" | "replace" | "tokenSecret">;

/** `setup`: adds the lines that logins need to OpenVPN's configuration. */
export function setup(context: AdminContext, options: SetupOptions): void {
  if (options.json && !options.yes && !options.dryRun) {
    throw new Failure("usage", "--json cannot ask for confirmation: add --yes or --dry-run");
  }
  const wish = wishOf(options);
  const read = configReader(context);
  const named = findConfig(options.config);
  const original = readOriginal(named, read);
  const plan: Plan = {
    ...edit(context, original, named, wish),
    newSecret: wish.tokenSecret !== null && needsTokenSecret(wish.tokenSecret, read)
      ? wish.tokenSecret
      : null,
  };
  if (!options.json) context.out(planText(named, plan));
  warnOfProgram(context, wish.program);
  const isWritten = !options.dryRun && (plan.content !== null || plan.newSecret !== null);
  if (isWritten && !options.yes) requireYes(context, `Change ${printable(named)}?`);
  const backup = isWritten ? carryOut(context, original, plan) : null;
  if (options.json) {
    const { program } = wish;
    const changes = plan.content !== null;
    const tokenSecret = isWritten ? plan.newSecret : null;
    context.out(json({ config: original.path, program, changes, backup, tokenSecret }));
  } else if (isWritten) context.out(afterwards(original, named, { backup, ...plan }));
}

/** What is to be done; each part is null if there is nothing to do. */
interface Plan {
  content: Uint8Array | null;
  difference: string | null;
  /** The path of the key for session tokens that has to be made. */
  newSecret: string | null;
}

function wishOf({ program, replace, tokenSecret }: SetupOptions): Wish {
  const path = resolve(program ?? Deno.execPath());
  requireProgram(path);
  const secret = tokenSecret === undefined ? null : resolve(tokenSecret);
  if (secret !== null) {
    requirePlainPath(secret, "the path of --token-secret", "choose another place for the file");
  }
  return { program: path, replace: replace ?? false, tokenSecret: secret };
}

function planText(named: string, { difference, newSecret }: Plan): string {
  const change = difference ?? `${printable(named)} already has all lines: nothing to change.\n`;
  return newSecret === null
    ? change
    : `${change}The key file ${newSecret} is not there yet: setup makes it.\n`;
}

function warnOfProgram(context: AdminContext, program: string): void {
  const { trouble } = scriptAt(program);
  if (trouble === null) return;
  context.warn(
    `${printable(trouble)} ` +
      "(anyone who can change the program can read all passwords and run commands as root)",
  );
}

/** Makes the key first: OpenVPN would not start without it. Returns the path of the copy. */
function carryOut(
  context: AdminContext,
  original: Original,
  { content, newSecret }: Plan,
): string | null {
  if (newSecret !== null) makeTokenSecret(newSecret, newTokenSecret(context.randomBytes));
  if (content === null) return null;
  try {
    const suffix = `backup-${compact(context.now())}`;
    return replaceFile(original, content, suffix, configReader(context));
  } catch (error) {
    if (newSecret !== null) Deno.removeSync(newSecret);
    throw error;
  }
}

/** Both are null where nothing would change. */
function edit(
  context: AdminContext,
  { path, content }: Original,
  named: string,
  wish: Wish,
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

function afterwards(
  { path }: Original,
  named: string,
  { backup, newSecret }: { backup: string | null; newSecret: string | null },
): string {
  const unit = unitNameFor(named);
  const restart = unit === null ? "restart OpenVPN" : `systemctl restart ${unit}`;
  return (newSecret === null ? "" : `Made ${newSecret}, which only its owner can read\n`) +
    (backup === null
      ? ""
      : `Changed ${printable(path)}; the old version is ${printable(backup)}\n`) +
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
