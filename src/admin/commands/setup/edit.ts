import { checkLines } from "../../../server_setup/doctor/checks.ts";
import type { Finding } from "../../../server_setup/doctor/finding.ts";
import { gatherLines } from "../../../server_setup/doctor/gather.ts";
import type { FileChange } from "../../../server_setup/setup/file_change.ts";
import type { ApparmorPlan } from "../../../server_setup/setup/plan_apparmor.ts";
import { planSetup } from "../../../server_setup/setup/plan.ts";
import { SETTINGS_FILE } from "../../../service_options.ts";
import type { Original } from "../../../server_setup/setup/replace_file.ts";
import { requireSound } from "../../../server_setup/setup/require_sound.ts";
import { configReader } from "../../config_reader.ts";
import type { AdminContext } from "../../context.ts";
import { type ConfigText, type Edited, realPath } from "./config_text.ts";
import type { Wish } from "./wish.ts";

/** What is to be done; each part is null or empty if there is nothing to do. */
export interface Plan extends Edited {
  /** The path of the key for session tokens that has to be made. */
  newSecret: string | null;
  /** The service's files. */
  files: readonly FileChange[];
  /** AppArmor's rules; null if they are left alone. */
  apparmor: ApparmorPlan | null;
  /** In words, what else changes for the server. */
  notes: readonly string[];
  /** The commands to run afterwards; null for those of hooks. */
  steps: readonly string[] | null;
}

/** What becomes of the configuration and the service's files. */
export type PlannedLines = Omit<Plan, "newSecret" | "apparmor">;

/**
 * Edits the configuration so that OpenVPN runs the program, but does not write it.
 *
 * @param path the configuration's path, without links
 * @throws Failure `config_error`
 */
export function edit(source: ConfigText, path: string, wish: Wish): Edited {
  const options = { path, isProgram: source.leadsTo(wish.program), ...wish };
  const lines = planSetup(source.text, source.config, options);
  return source.edited(lines, (after) => requireSound(source.config, after, options));
}

/** What doctor will find wrong with the configuration as it is going to be. */
export function findingsAbout(
  context: AdminContext,
  { path }: Original,
  named: string,
  { content, newSecret, files, program, root }: Plan & Wish & { root: string },
): Finding[] {
  const read = configReader(context);
  const planned = (file: string) => files.find((one) => one.path === file);
  const facts = gatherLines({
    configPath: named,
    openvpn: undefined,
    readFile(file) {
      if (content !== null && realPath(file) === path) return content;
      return planned(file)?.content ?? read(file);
    },
    program,
    settingsPath: `${root}${SETTINGS_FILE}`,
  });
  // The key is not there before the question is answered.
  const known = newSecret === null ? facts : { ...facts, tokenSecret: null };
  return checkLines(known).filter(({ level }) => level !== "ok");
}
