import { resolve } from "node:path/posix";
import type { EpochMs } from "../../../core/epoch.ts";
import { Failure } from "../../../core/failure.ts";
import { printable, quoted } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { findConfig } from "../../../server_setup/configuration/config_file.ts";
import { scriptAt } from "../../../server_setup/doctor/file_facts.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import type { Printed, PrintedAlso } from "../../json_fields/json_fields.ts";
import { requireYes } from "../../terminal/question.ts";
import { ConfigText } from "./config_text.ts";
import { edit, findingsAbout, type Plan } from "./edit.ts";
import type { SetupOptions } from "./options.ts";
import { afterwards, type Done, findingsText, planText, restartOf } from "./report.ts";
import { editToHooks, editToService } from "./service_edit.ts";
import { requireFitting } from "./service_wish.ts";
import { type Wish, wishOf } from "./wish.ts";
import { changeFile } from "../../../server_setup/setup/file_change.ts";
import { servedSocket } from "../../../server_setup/configuration/service_lines.ts";
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

/**
 * `setup`: adds the lines that logins need to OpenVPN's configuration, for hooks or for the service,
 * whose units it writes as well.
 */
export function setup(context: AdminContext, options: SetupOptions): void {
  requireFitting(options);
  const wish = wishOf(options);
  const read = configReader(context);
  const named = findConfig(options.config);
  const original = readOriginal(named, read);
  const plan: Plan = {
    ...planOf(context, original, { named, wish, options }),
    newSecret: wish.tokenSecret !== null && needsTokenSecret(wish.tokenSecret, read)
      ? wish.tokenSecret
      : null,
  };
  const findings = findingsAbout(context, original, named, {
    ...plan,
    ...wish,
    root: rootOf(options),
  });
  if (!options.json) {
    context.out(planText(named, plan, context.screen) + findingsText(findings, context.screen));
  }
  warnOfProgram(context, wish.program);
  const isChange = plan.content !== null || plan.newSecret !== null || plan.files.length > 0;
  const isWritten = !options.dryRun && isChange;
  if (isWritten && !options.yes) requireYes(context, `Change ${printable(named)}?`);
  const done = isWritten ? carryOut(context, original, plan) : NOTHING_DONE;
  if (options.json) {
    context.out(json(resultOf(original, wish, plan, { ...done, findings, isWritten })));
  } else if (isWritten) context.out(afterwards(original, named, { ...done, ...plan }));
}

/** What `setup` found and did, for programs; a set-up for hooks has no more to say than it had. */
function resultOf(
  { path: config }: Original,
  { program }: Wish,
  { content, newSecret, files, notes, steps }: Plan,
  { backup, copies, findings, isWritten }: Done & {
    findings: readonly Finding[];
    isWritten: boolean;
  },
) {
  const tokenSecret = isWritten ? newSecret : null;
  const changes = content !== null;
  const result = { config, program, changes, backup, tokenSecret, findings } satisfies Printed<
    "setup"
  >;
  if (steps === null) return result;
  const paths = files.map(({ path }) => path);
  const more = { files: paths, copies, notes, commands: steps } satisfies PrintedAlso<"setup">;
  return { ...result, ...more };
}

/** Plans what the options ask for. */
function planOf(
  context: AdminContext,
  original: Original,
  { named, wish, options }: { named: string; wish: Wish; options: SetupOptions },
): Omit<Plan, "newSecret"> {
  const source = new ConfigText(context, original, named);
  const { path } = original;
  const isServed = servedSocket(source.config) !== null;
  if (!options.serve && !isServed) {
    return { ...edit(source, path, wish), files: [], notes: [], steps: null };
  }
  if (!options.serve && !options.hook) throw alreadyServed(named);
  const place = { root: rootOf(options), read: configReader(context), replace: wish.replace };
  const last = [asStep(restartOf(named)), doctorFor(options)];
  const task = { source, path, named, wish, options, last, place };
  return options.serve ? editToService(task) : editToHooks(task);
}

/** Without --config, doctor looks at the only configuration, or the usual one. */
function doctorFor({ config }: SetupOptions): string {
  return config === undefined ? "openvpn-totp doctor" : `openvpn-totp doctor --config ${config}`;
}

/** What is no command becomes a comment among commands. */
function asStep(text: string): string {
  return text.startsWith("systemctl ") ? text : `# ${text}`;
}

/** What stands in front of the service's files' paths. */
function rootOf({ root }: SetupOptions): string {
  return root === undefined ? "" : resolve(root).replace(/\/$/, "");
}

/** With both, each login would need two verdicts, and be asked for two codes. */
function alreadyServed(named: string): Failure {
  return new Failure(
    "config_error",
    `${quoted(named)} is set up for the service: use --serve to leave it so, or --hook to have ` +
      "OpenVPN run this program again",
  );
}

function warnOfProgram(context: AdminContext, program: string): void {
  const { trouble } = scriptAt(program);
  if (trouble === null) return;
  context.warn(
    `${printable(trouble)} ` +
      "(anyone who can change the program can read all passwords and run commands as root)",
  );
}

const NOTHING_DONE: Done = { backup: null, copies: [] };

/**
 * Makes the key first, without which OpenVPN would not start, then the service's files, which have no
 * effect before the administrator says so, and the configuration last.
 */
function carryOut(
  context: AdminContext,
  original: Original,
  { content, newSecret, files }: Plan,
): Done {
  if (newSecret !== null) makeTokenSecret(newSecret, newTokenSecret(context.randomBytes));
  try {
    const suffix = `backup-${compact(context.now())}`;
    const read = configReader(context);
    const copies = files.map((file) => changeFile(file, suffix, read))
      .filter((copy) => copy !== null);
    const backup = content === null ? null : replaceFile(original, content, suffix, read);
    return { backup, copies };
  } catch (error) {
    if (newSecret !== null) Deno.removeSync(newSecret);
    throw error;
  }
}

/** A moment for a file name: `20260131-120000`, UTC. */
function compact(at: EpochMs): string {
  return instant(at).replaceAll(/[-:Z]/g, "").replace("T", "-");
}
