import { STATUS_SOCKET } from "../../service_options.ts";
import {
  PAM_HELPER_UNIT,
  PAM_SOCKET_UNIT,
  SERVICE_UNIT,
  SERVICE_USER,
  SOCKET_DIRECTORY,
  STATE_DIRECTORY,
} from "./names.ts";
import { pamHelperUnit, pamSocketUnit } from "./pam_units.ts";
import { serviceUnit, type ServiceUnitOptions } from "./service_unit.ts";
import { signed } from "./written_file.ts";

/** A file that `setup --serve` writes. */
export interface ServiceFile {
  /** Absolute, below whatever root directory is meant. */
  path: string;
  text: string;
}

/** Where the service's unit is. */
export const SERVICE_UNIT_PATH = `/etc/systemd/system/${SERVICE_UNIT}`;

/** The name of both files that systemd makes the user and the directories by. */
export const CONF_NAME = "openvpn-totp.conf";

/** All files that systemd needs for the service. */
export function serviceFiles(options: ServiceUnitOptions): ServiceFile[] {
  const bodies: [path: string, body: string][] = [
    [SERVICE_UNIT_PATH, serviceUnit(options)],
    [`/etc/systemd/system/${PAM_SOCKET_UNIT}`, pamSocketUnit()],
    [`/etc/systemd/system/${PAM_HELPER_UNIT}`, pamHelperUnit(options.program)],
    [`/etc/sysusers.d/${CONF_NAME}`, sysusers()],
    [`/etc/tmpfiles.d/${CONF_NAME}`, tmpfiles()],
  ];
  return bodies.map(([path, body]) => ({ path, text: signed(body) }));
}

/** The service's user (sysusers.d(5)). */
function sysusers(): string {
  return `u ${SERVICE_USER} - "Two-factor logins of OpenVPN" ${STATE_DIRECTORY}\n`;
}

/**
 * The service's directories (tmpfiles.d(5)). OpenVPN makes its management socket for everybody, so
 * the directory keeps others out. The service reads its key and its settings in the last one, and
 * must not be able to put others in their place.
 */
function tmpfiles(): string {
  return `# Sockets of OpenVPN and of PAM helpers; ${STATUS_SOCKET} is elsewhere.
d ${SOCKET_DIRECTORY} 0750 root ${SERVICE_USER} -
d /etc/openvpn-totp 0750 root ${SERVICE_USER} -
`;
}
