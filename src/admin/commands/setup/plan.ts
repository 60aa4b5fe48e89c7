import { Failure } from "../../../core/failure.ts";
import { unitFor } from "../../../server_setup/configuration/effective_config.ts";
import { servedSocket } from "../../../server_setup/configuration/service_lines.ts";
import type { Original } from "../../../server_setup/setup/replace_file.ts";
import { needsTokenSecret } from "../../../server_setup/setup/token_secret.ts";
import { quoted } from "../../../text/printable.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { editApparmor } from "./apparmor_edit.ts";
import { ConfigText } from "./config_text.ts";
import { edit, type Plan, type PlannedLines } from "./edit.ts";
import type { SetupOptions } from "./options.ts";
import { asStep, doctorFor, restartOf } from "./report.ts";
import { editToHooks, editToService } from "./service_edit.ts";
import type { Wish } from "./wish.ts";

/** What is asked for, of which server. */
interface Asked {
  /** The configuration's path as it was given. */
  named: string;
  wish: Wish;
  options: SetupOptions;
  /** In front of the paths of the system's files. */
  root: string;
}

/**
 * Plans what the options ask for.
 *
 * @throws Failure `usage`, `config_error`, `bad_setting`, `untrusted_path`, `input_error`
 */
export function planOf(context: AdminContext, original: Original, asked: Asked): Plan {
  const { wish: { tokenSecret, program }, options, root } = asked;
  const source = new ConfigText(context, original, asked.named);
  const planned = planLines(context, source, original.path, asked);
  const config = source.started(planned, root === "" ? unitFor(asked.named) : null);
  const apparmor = editApparmor(context, options, { path: original.path, config, program, root });
  const isNew = tokenSecret !== null && needsTokenSecret(tokenSecret, configReader(context));
  const steps = withReload(planned.steps, apparmor?.command ?? null);
  return { ...planned, steps, apparmor, newSecret: isNew ? tokenSecret : null };
}

/**
 * The service's commands, with the one that puts AppArmor's rules into force in front of the last
 * two, which restart OpenVPN and check it: until then, OpenVPN needs the rules that it has.
 */
function withReload(steps: Plan["steps"], reload: string | null): Plan["steps"] {
  if (steps === null || reload === null) return steps;
  return [...steps.slice(0, -2), reload, ...steps.slice(-2)];
}

/** Plans the configuration's lines and the service's files. */
function planLines(
  context: AdminContext,
  source: ConfigText,
  path: string,
  { named, wish, options, root }: Asked,
): PlannedLines {
  const isServed = servedSocket(source.config) !== null;
  if (!options.serve && !isServed) {
    return { ...edit(source, path, wish), files: [], notes: [], steps: null };
  }
  if (!options.serve && !options.hook) throw alreadyServed(named);
  const place = { root, read: configReader(context), replace: wish.replace };
  const last = [asStep(restartOf(named)), doctorFor({ named, options })];
  const task = { source, path, named, wish, options, last, place };
  return options.serve ? editToService(task) : editToHooks(task);
}

/** With both, each login would need two verdicts, and be asked for two codes. */
function alreadyServed(named: string): Failure {
  return new Failure(
    "config_error",
    `${quoted(named)} is set up for the service: use --serve to leave it so, or --hook to have ` +
      "OpenVPN run this program again",
  );
}
