import { Failure } from "../core/failure.ts";
import { quoted } from "../text/printable.ts";
import { isFile } from "../system/present_files.ts";

/** Where libpam looks for a service's file, in this order. */
export const PAM_DIRECTORIES: readonly string[] = ["/etc/pam.d", "/usr/lib/pam.d"];

/**
 * Chooses the PAM service and makes sure that its file exists: otherwise libpam would silently fall
 * back to the service `other`, whose rules nobody meant for a VPN.
 *
 * @param configured the setting; null: `openvpn` where that has a file in /etc/pam.d, otherwise
 *   `login`
 * @throws Failure `pam_service_missing`
 */
export function choosePamService(configured: string | null): string {
  const service = configured ??
    (isFile("/etc/pam.d/openvpn") ? "openvpn" : "login");
  if (PAM_DIRECTORIES.some((directory) => isFile(`${directory}/${service}`))) {
    return service;
  }
  const places = PAM_DIRECTORIES.join(" or ");
  throw new Failure(
    "pam_service_missing",
    `the PAM service ${
      quoted(service)
    } has no file in ${places}: create one, or set totpPamService`,
  );
}
