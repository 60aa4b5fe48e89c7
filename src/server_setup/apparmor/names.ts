import { matchesPath } from "./path_pattern.ts";

/** The profile that confines OpenVPN, where a distribution has one. */
export const PROFILE_PATH = "/etc/apparmor.d/openvpn";

/** The administrator's own rules, which the profile includes. */
export const LOCAL_PATH = "/etc/apparmor.d/local/openvpn";

/** Where profiles and their includes are (the parser's `--base`). */
export const APPARMOR_DIRECTORY = "/etc/apparmor.d";

/** The command that puts changed rules into force, also for an OpenVPN that is already running. */
export const RELOAD = `apparmor_parser -r ${PROFILE_PATH}`;

/**
 * Says whether a profile's name, or the pattern of what it confines, is one that OpenVPN's may have
 * where nothing else tells. Names of sub-profiles have two slashes.
 */
export function isForOpenvpn(name: string): boolean {
  return !name.includes("//") &&
    (/(?:^|[^A-Za-z])openvpn$/.test(name) || matchesPath(name, "/usr/sbin/openvpn"));
}
