import { Failure, isSystemError } from "../../../core/failure.ts";
import { servedSocket } from "../../../server_setup/configuration/service_lines.ts";
import type { Config } from "../../../server_setup/openvpn_config/directive.ts";
import { LOCAL_PATH } from "../../../server_setup/apparmor/names.ts";
import { needsOf } from "../../../server_setup/apparmor/needs.ts";
import {
  type ApparmorPlan,
  hasProfile,
  planApparmor,
  planWithoutApparmor,
} from "../../../server_setup/setup/plan_apparmor.ts";
import { printable } from "../../../text/printable.ts";
import { readInputFile } from "../../input_file.ts";
import type { AdminContext } from "../../context.ts";
import type { Screen } from "../../terminal/screen.ts";
import { realPath } from "./config_text.ts";
import { changeText } from "./difference.ts";
import type { SetupOptions } from "./options.ts";

/** More bytes than rules that people write. */
const MAX_BYTES = 1024 * 1024;

/** The server whose rules they are. */
interface Server {
  /** Its configuration's path, without links. */
  path: string;
  /** Its configuration as it is going to be. */
  config: Config;
  program: string;
  /** In front of the paths of the system's files. */
  root: string;
}

/**
 * Plans the rules that let AppArmor's profile of OpenVPN run the program, where the system has that
 * profile or the options ask for it.
 *
 * @returns null if AppArmor is left alone
 * @throws Failure `config_error`, `untrusted_path`, `input_error`
 */
export function editApparmor(
  context: AdminContext,
  { apparmor }: SetupOptions,
  { path, config, program, root }: Server,
): ApparmorPlan | null {
  const place = { config: path, root, read: apparmorReader(context) };
  if (apparmor === false) return planWithoutApparmor(place);
  try {
    if (apparmor === undefined && !hasProfile(place)) return null;
    const programs = [realPath(program) ?? program];
    return planApparmor(
      needsOf({ programs, config, isService: servedSocket(config) !== null }),
      place,
    );
  } catch (error) {
    const isFailure = error instanceof Failure;
    if (!isFailure && !isSystemError(error)) throw error;
    const code = isFailure ? error.code : "input_error";
    throw new Failure(
      code,
      `${error.message} (--no-apparmor skips this, and removes this server's rules for AppArmor)`,
    );
  }
}

/** Reads AppArmor's files, up to a bound. */
export function apparmorReader(context: AdminContext): (path: string) => Uint8Array {
  return (path) => readInputFile(context, "AppArmor's rules", path, MAX_BYTES);
}

/** What becomes of AppArmor's rules, for people. */
export function apparmorText(plan: ApparmorPlan | null, screen: Screen): string {
  if (plan === null) return "";
  const { change, notes } = plan;
  return [
    change === null ? "" : changeText(change, screen),
    ...notes.map((note) => `Note: ${printable(note)}\n`),
  ].join("");
}

/** What is told of AppArmor's rules, for programs; null if they are left alone. */
export function apparmorResult(plan: ApparmorPlan | null, root: string, backup: string | null) {
  if (plan === null) return null;
  const { change, notes, command } = plan;
  return { file: root + LOCAL_PATH, changes: change !== null, backup, notes, command };
}
