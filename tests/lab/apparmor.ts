import { run } from "./command.ts";

/** OpenVPN's profile in the shape that distributions give it, in our own words. */
export const OPENVPN_PROFILE = `abi <abi/3.0>,
include <tunables/global>

# OpenVPN, as a distribution confines it.
profile openvpn /usr/sbin/openvpn flags=(attach_disconnected) {
  include <abstractions/names>

  capability dac_override,
  capability dac_read_search,
  capability net_admin,
  capability setgid,
  capability setuid,
  network inet dgram,
  network netlink raw,

  /usr/sbin/openvpn mr,
  /dev/net/tun rw,
  /etc/openvpn/** r,
  owner @{run}/openvpn/*.pid rw,
  /usr/bin/systemd-ask-password PUx,
  /usr/{,s}bin/ip ix,
  /etc/openvpn/update-resolv-conf PUx,

  include if exists <local/openvpn>
}
`;

/** Files that the profile includes, by their paths below AppArmor's directory. */
const INCLUDES = {
  "abi/3.0": "file {mask {yes\n}\n}\n",
  "tunables/global": "@{run}=/run/ /var/run/\n",
  "abstractions/names": "/etc/hosts r,\n/etc/nsswitch.conf r,\n",
};

/** Makes AppArmor's directory below a root, with OpenVPN's profile in it. */
export async function makeProfile(root: string, profile = OPENVPN_PROFILE): Promise<void> {
  for (const [name, text] of Object.entries({ ...INCLUDES, openvpn: profile })) {
    const path = `${root}/etc/apparmor.d/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

/** What the parser makes of the profile below a root: what it complains of, and its path rules. */
export async function compile(root: string): Promise<{ error: string; paths: string[] }> {
  const base = `${root}/etc/apparmor.d`;
  const args = ["-Q", "-K", "--quiet", "--base", base, "-D", "rule-exprs", `${base}/openvpn`];
  const { status, stdout, stderr } = await run("apparmor_parser", args);
  const paths = Array.from(
    (stdout + stderr).matchAll(/^rule: .*? {2}-> {2}(.*) \(0x/gm),
    ([, path]) => path!,
  );
  return { error: status === 0 ? "" : stderr || `status ${status}`, paths };
}
