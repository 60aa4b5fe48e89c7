import { unitNameFor } from "../../../server_setup/configuration/config_file.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import type { Original } from "../../../server_setup/setup/replace_file.ts";
import { printable } from "../../../text/printable.ts";
import { shellWord } from "../../../text/shell_word.ts";
import { findingLines } from "../../terminal/finding_lines.ts";
import type { Screen } from "../../terminal/screen.ts";
import { apparmorText } from "./apparmor_edit.ts";
import { fileText } from "./difference.ts";
import type { Plan } from "./edit.ts";
import type { SetupOptions } from "./options.ts";

/** The server that is set up. */
interface Server {
  /** The path of its configuration, as it was given or found. */
  named: string;
  options: SetupOptions;
}

/** The copies that were made. */
export interface Done {
  /** The path of the configuration's copy; null for none. */
  backup: string | null;
  /** The paths of other copies. */
  copies: readonly string[];
  /** The path of the copy of AppArmor's rules; null for none. */
  apparmorBackup: string | null;
}

/** What `setup` is going to do. */
export function planText(named: string, plan: Plan, screen: Screen): string {
  const { difference, newSecret, files, notes, apparmor } = plan;
  return [
    difference ?? `${printable(named)} already has all lines: nothing to change.\n`,
    newSecret === null ? "" : `The key file ${newSecret} does not exist yet: setup creates it.\n`,
    apparmorText(apparmor, screen),
    ...files.map((file) => fileText(file, screen)),
    ...notes.map((note) => `Note: ${printable(note)}\n`),
  ].join("");
}

/** What doctor says about the result. */
export function findingsText(findings: readonly Finding[], screen: Screen): string {
  if (findings.length === 0) return "";
  const lines = findings.flatMap((finding) => findingLines(finding, screen));
  return ["", "doctor says about the other lines:", ...lines, "", ""].join("\n");
}

/** What `setup` did, and what the administrator does next. */
export function afterwards(
  { path }: Original,
  server: Server,
  done: Plan & Done,
): string {
  const { backup, copies, newSecret, files, steps, apparmor, apparmorBackup } = done;
  const rules = apparmor?.change?.path ?? null;
  return [
    newSecret === null ? "" : `Created ${newSecret}, which only its owner can read\n`,
    rules === null ? "" : changedText(rules, apparmorBackup),
    ...files.map((file) => `Wrote ${printable(file.path)}\n`),
    ...copies.map((copy) => `The old version is ${printable(copy)}\n`),
    backup === null ? "" : changedText(path, backup),
    steps === null ? hookStepsText(server, done) : stepsText(steps),
  ].join("");
}

/**
 * AppArmor's rules need no restart of OpenVPN. Where it is restarted as well, that comes right after
 * them: until then, the rules may not be those that OpenVPN as it runs needs.
 */
function hookStepsText(server: Server, { backup, newSecret, apparmor }: Plan & Done): string {
  const doctor = doctorFor(server);
  const isRestarted = backup !== null || newSecret !== null;
  const restart = restartOf(server.named);
  const reload = apparmor?.command ?? null;
  if (reload !== null && isRestarted) return stepsText([reload, asStep(restart), doctor]);
  const first = [reload ?? [], doctor].flat().map(printable).join("\n      ");
  return `Next: ${first}\n${isRestarted ? `Then: ${printable(restart)}\n` : ""}`;
}

/** What became of a file, which was made if there is no copy. */
function changedText(path: string, backup: string | null): string {
  return backup === null
    ? `Created ${printable(path)}\n`
    : `Changed ${printable(path)}; the old version is ${printable(backup)}\n`;
}

/** The commands to run, one a line, so that they can be copied. */
function stepsText(steps: readonly string[]): string {
  if (steps.length === 0) return "";
  const lines = steps.map((step) => `  ${printable(step)}\n`);
  return `Next, in this order:\n${lines.join("")}`;
}

/** The command that restarts OpenVPN with a configuration, or words in its place. */
export function restartOf(named: string): string {
  const unit = unitNameFor(named);
  return unit === null ? "restart OpenVPN" : `systemctl restart ${shellWord(unit)}`;
}

/** Without --config, doctor looks at the only configuration, or the usual one. */
export function doctorFor({ named, options }: Server): string {
  const which = options.config === undefined ? "" : ` --config ${shellWord(named)}`;
  return `openvpn-totp doctor${which}`;
}

/** What is no command becomes a comment among commands. */
export function asStep(text: string): string {
  return text.startsWith("systemctl ") ? text : `# ${text}`;
}
