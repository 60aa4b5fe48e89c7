import { Failure } from "../../../core/failure.ts";
import { servedSocket } from "../../../server_setup/configuration/service_lines.ts";
import { settingLines } from "../../../server_setup/configuration/setting_lines.ts";
import { combined, editedText } from "../../../server_setup/setup/lines.ts";
import { stepsToHooks, stepsToService } from "../../../server_setup/setup/next_steps.ts";
import { planSetup } from "../../../server_setup/setup/plan.ts";
import { planReturn } from "../../../server_setup/setup/plan_return.ts";
import {
  managementPassword,
  othersIn,
  planService,
  requireServed,
} from "../../../server_setup/setup/plan_service.ts";
import { requireSound } from "../../../server_setup/setup/require_sound.ts";
import {
  planServiceFiles,
  planServiceWithout,
  type ServicePlace,
} from "../../../server_setup/setup/service_plan.ts";
import { quoted } from "../../../text/printable.ts";
import type { ConfigText } from "./config_text.ts";
import type { PlannedLines } from "./edit.ts";
import type { SetupOptions } from "./options.ts";
import { serverOf } from "./service_wish.ts";
import type { Wish } from "./wish.ts";

/** A configuration, its paths, and what is wished of it. */
export interface Task {
  source: ConfigText;
  /** The configuration's path, without links. */
  path: string;
  /** The path as it was given. */
  named: string;
  wish: Wish;
  options: SetupOptions;
  /** The commands that restart OpenVPN and check the result. */
  last: readonly string[];
  /** Where the service's files are. */
  place: ServicePlace;
}

/** Root's hooks take the rights of the database's owner; another user's cannot. */
const HOOKS_GO_ON =
  "other servers that share the database may go on with hooks where OpenVPN runs as root; set up " +
  "those that drop their privileges (`user`) with --serve, too";

/**
 * Plans that the service decides about logins.
 *
 * @throws Failure `usage`, `config_error`, `bad_setting`, `untrusted_path`
 */
export function editToService(task: Task): PlannedLines {
  const { source, path, named, wish, options, last, place } = task;
  const { text, config } = source;
  const present = servedSocket(config);
  const server = serverOf(options, named, present);
  requireProxyAsSafe(server.proxy, managementPassword(config));
  const { tokenSecret, program } = wish;
  const { socket, proxy } = server;
  const isProgram = source.leadsTo(program);
  const wished = { path, socket, hasProxy: proxy !== null, isProgram, tokenSecret };
  const lines = planService(text, config, wished);
  const edited = source.edited(lines, (after) => requireServed(config, after, wished));
  const changes = planServiceFiles(server, program, settingLines(config), place);
  const isDone = edited.content === null && changes.files.length === 0;
  return {
    ...edited,
    files: changes.files,
    // A server that the service has already has had the service's settings all along.
    notes: present !== null ? [] : [
      ...changes.changes,
      ...changes.before.length === 0 ? [HOOKS_GO_ON] : [],
    ],
    steps: isDone ? [] : stepsToService(changes, last),
  };
}

/** A proxy on a port asks nobody for a password. */
function requireProxyAsSafe(proxy: string | null, password: string | null): void {
  if (proxy === null || proxy.startsWith("/") || password === null) return;
  throw new Failure(
    "config_error",
    `the management interface has a password file (${quoted(password)}), and anybody on this ` +
      "machine could use --management-proxy on a port without a password: give it a path instead",
  );
}

/**
 * Plans that OpenVPN runs the program again.
 *
 * @throws Failure `config_error`, `bad_setting`, `untrusted_path`
 */
export function editToHooks(task: Task): PlannedLines {
  const { source, path, wish, last, place } = task;
  const { config } = source;
  const socket = servedSocket(config) ?? "";
  const changes = planServiceWithout(socket, wish.program, place);
  const first = planReturn(source.text, config, { path, settings: changes.values });
  const text = editedText(first);
  const between = source.read(text);
  const isProgram = source.leadsTo(wish.program);
  const wished = { path, isProgram, ...wish };
  const second = planSetup(text, between, wished);
  const edited = source.edited(combined(first, second), (after) => {
    if (othersIn(config, wished) !== othersIn(between, wished)) throw unsafe(path);
    requireSound(between, after, wished);
  });
  return { ...edited, files: changes.files, notes: [], steps: stepsToHooks(changes, last) };
}

function unsafe(path: string): Failure {
  return new Failure(
    "config_error",
    `cannot change ${
      quoted(path)
    } safely: remove the service's lines by hand, then run setup again`,
  );
}
