import type { EpochMs } from "../../../core/epoch.ts";
import { Failure } from "../../../core/failure.ts";
import { printable } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { findConfig, unitNameFor } from "../../../server_setup/configuration/config_file.ts";
import { scriptAt } from "../../../server_setup/doctor/file_facts.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import { findingLines } from "../../terminal/finding_lines.ts";
import type { Screen } from "../../terminal/screen.ts";
import { requireYes } from "../../terminal/question.ts";
import { edit, findingsAbout, type Plan } from "./edit.ts";
import type { SetupOptions } from "./options.ts";
import { wishOf } from "./wish.ts";
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
import { instant, json } from "../../terminal/text.ts";

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
  const findings = findingsAbout(context, original, named, { ...plan, ...wish });
  if (!options.json) context.out(planText(named, plan) + findingsText(findings, context.screen));
  warnOfProgram(context, wish.program);
  const isWritten = !options.dryRun && (plan.content !== null || plan.newSecret !== null);
  if (isWritten && !options.yes) requireYes(context, `Change ${printable(named)}?`);
  const backup = isWritten ? carryOut(context, original, plan) : null;
  if (options.json) {
    const { program } = wish;
    const changes = plan.content !== null;
    const tokenSecret = isWritten ? plan.newSecret : null;
    context.out(json({ config: original.path, program, changes, backup, tokenSecret, findings }));
  } else if (isWritten) context.out(afterwards(original, named, { backup, ...plan }));
}

function planText(named: string, { difference, newSecret }: Plan): string {
  const change = difference ?? `${printable(named)} already has all lines: nothing to change.\n`;
  return newSecret === null
    ? change
    : `${change}The key file ${newSecret} does not exist yet: setup creates it.\n`;
}

function findingsText(findings: readonly Finding[], screen: Screen): string {
  if (findings.length === 0) return "";
  const lines = findings.flatMap((finding) => findingLines(finding, screen));
  return ["", "doctor says about the other lines:", ...lines, "", ""].join("\n");
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

function afterwards(
  { path }: Original,
  named: string,
  { backup, newSecret }: { backup: string | null; newSecret: string | null },
): string {
  const unit = unitNameFor(named);
  const restart = unit === null ? "restart OpenVPN" : `systemctl restart ${unit}`;
  return (newSecret === null ? "" : `Created ${newSecret}, which only its owner can read\n`) +
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
