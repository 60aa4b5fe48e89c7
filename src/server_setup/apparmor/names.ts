/** The profile that confines OpenVPN, where a distribution has one. */
export const PROFILE_PATH = "/etc/apparmor.d/openvpn";

/** The administrator's own rules, which the profile includes. */
export const LOCAL_PATH = "/etc/apparmor.d/local/openvpn";

/** Where profiles and their includes are (the parser's `--base`). */
export const APPARMOR_DIRECTORY = "/etc/apparmor.d";

/** The command that puts changed rules into force, also for an OpenVPN that is already running. */
export const RELOAD = `apparmor_parser -r ${PROFILE_PATH}`;
