/** Where a program of ours may be, as packages and administrators install it. */
const PROGRAMS = ["/usr/bin/openvpn-totp", "/usr/local/bin/openvpn-totp"];

/**
 * Lines for a system whose AppArmor profile confines OpenVPN (Ubuntu from 25.04 on), with what they
 * are for.
 */
export function appArmorLines(): string {
  const programs = PROGRAMS.map((path) => `${path} PUx,`);
  return `# Lines for /etc/apparmor.d/local/openvpn, where AppArmor confines OpenVPN (Ubuntu since 25.04).
# openvpn-totp setup adds those that a server needs. To do it by hand, add them to what that file may
# have already, then load the profile again:
#   apparmor_parser -r /etc/apparmor.d/openvpn

# OpenVPN runs the program, under a profile of its own or, without one, under none.
${programs.join("\n")}

# OpenVPN exchanges passwords, requests and verdicts with the program in files.
owner /tmp/openvpn_*.tmp rw,

# Management sockets and status files, where the distribution's units have them.
@{run}/openvpn-server/*.sock rw,
@{run}/openvpn-server/status-*.log rw,
`;
}
