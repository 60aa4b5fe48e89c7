import {
  type Config,
  type Directive,
  directivesNamed,
  lastNamed,
} from "../openvpn_config/directive.ts";
import { SERVICE_USER, SOCKET_DIRECTORY } from "../units/names.ts";
import { HOOKS } from "./hook_lines.ts";

/** The comment above the lines that let the service decide about logins. */
export const SERVICE_HEADING =
  "# The service openvpn-totp decides about logins (back to hooks: openvpn-totp setup --hook).";

/** What is put in front of a line that the service makes needless, until hooks are wanted again. */
export const HOOK_MARK = "#hook# ";

/** The options of the service's lines. */
export const SERVICE_OPTIONS = [
  "management",
  "management-client-auth",
  "management-client-user",
  "management-client-group",
  "management-hold",
] as const;

/** The lines that let the service decide about logins. */
export function serviceLines(socket: string): string[] {
  return [
    `management ${socket} unix`,
    "management-client-auth",
    `management-client-user ${SERVICE_USER}`,
    // OpenVPN forgets whom it would have asked about while the service is not there.
    "management-hold",
  ];
}

/** The path of the management socket of a server with a name. */
export function socketPath(name: string): string {
  return `${SOCKET_DIRECTORY}/${name}.sock`;
}

/** Says whether a `management` line is one that `setup --serve` writes, for whatever server. */
export function isOurManagement({ words: [path = "", kind] }: Directive): boolean {
  return kind === "unix" && path.startsWith(`${SOCKET_DIRECTORY}/`) && path.endsWith(".sock");
}

/** The management socket that `setup --serve` has written into a configuration; null if none. */
export function servedSocket(config: Config): string | null {
  const at = lastNamed(config, "management");
  return at !== null && isOurManagement(at) ? at.words[0]! : null;
}

/**
 * Says whether a management client decides about logins, and no hook that is the program's.
 *
 * @param isOurs says whether a hook's command runs the program or an older script
 */
export function isServiceMode(config: Config, isOurs: (hook: Directive) => boolean): boolean {
  return lastNamed(config, "management-client-auth") !== null &&
    !HOOKS.some((hook) => directivesNamed(config, hook).some(isOurs));
}
