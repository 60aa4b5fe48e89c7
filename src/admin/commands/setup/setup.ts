import { resolve } from "node:path/posix";
import { printable } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { findConfig } from "../../../server_setup/configuration/config_file.ts";
import { scriptAt } from "../../../server_setup/doctor/file_facts.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import type { Printed, PrintedAlso } from "../../json_fields/json_fields.ts";
import { requireYes } from "../../terminal/question.ts";
import { apparmorResult } from "./apparmor_edit.ts";
import { carryOut, NOTHING_DONE } from "./carry_out.ts";
import { findingsAbout, type Plan } from "./edit.ts";
import type { SetupOptions } from "./options.ts";
import { planOf } from "./plan.ts";
import { afterwards, type Done, findingsText, planText } from "./report.ts";
import { requireFitting } from "./service_wish.ts";
import { type Wish, wishOf } from "./wish.ts";
import { type Original, readOriginal } from "../../../server_setup/setup/replace_file.ts";
import { json } from "../../terminal/text.ts";

/**
 * `setup`: adds the lines that logins need to OpenVPN's configuration, for hooks or for the service,
 * whose units it writes as well.
 */
export function setup(context: AdminContext, options: SetupOptions): void {
  requireFitting(options);
  const wish = wishOf(options);
  const named = findConfig(options.config);
  const original = readOriginal(named, configReader(context));
  const root = rootOf(options);
  const plan = planOf(context, original, { named, wish, options, root });
  const findings = findingsAbout(context, original, named, { ...plan, ...wish, root });
  if (!options.json) {
    context.out(planText(named, plan, context.screen) + findingsText(findings, context.screen));
  }
  warnOfProgram(context, wish.program);
  const changed = changedBy(plan, named);
  const isWritten = !options.dryRun && changed !== null;
  if (isWritten && !options.yes) requireYes(context, `Change ${printable(changed)}?`);
  const done = isWritten ? carryOut(context, original, plan) : NOTHING_DONE;
  if (options.json) {
    context.out(json(resultOf(original, wish, plan, { ...done, findings, isWritten, root })));
  } else if (isWritten) context.out(afterwards(original, { named, options }, { ...done, ...plan }));
}

/** The path of what changes, above all the configuration's; null if nothing does. */
function changedBy({ content, newSecret, files, apparmor }: Plan, named: string): string | null {
  const isServer = content !== null || newSecret !== null || files.length > 0;
  return isServer ? named : apparmor?.change?.path ?? null;
}

/** What `setup` found and did, for programs; a set-up for hooks has no more to say than it had. */
function resultOf(
  { path: config }: Original,
  { program }: Wish,
  { content, newSecret, files, notes, steps, apparmor: rules }: Plan,
  { backup, copies, apparmorBackup, findings, isWritten, root }: Done & {
    findings: readonly Finding[];
    isWritten: boolean;
    root: string;
  },
) {
  const tokenSecret = isWritten ? newSecret : null;
  const apparmor = apparmorResult(rules, root, apparmorBackup);
  const changes = content !== null;
  const written = { backup, tokenSecret };
  const result: Printed<"setup"> = { config, program, changes, ...written, findings, apparmor };
  if (steps === null) return result;
  const paths = files.map(({ path }) => path);
  const more = { files: paths, copies, notes, commands: steps } satisfies PrintedAlso<"setup">;
  return { ...result, ...more };
}

/** What stands in front of the service's files' paths. */
function rootOf({ root }: SetupOptions): string {
  return root === undefined ? "" : resolve(root).replace(/\/$/, "");
}

function warnOfProgram(context: AdminContext, program: string): void {
  const { trouble } = scriptAt(program);
  if (trouble === null) return;
  context.warn(
    `${printable(trouble)} ` +
      "(anyone who can change the program can read all passwords and run commands as root)",
  );
}
