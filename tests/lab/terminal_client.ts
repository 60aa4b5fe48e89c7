import { makeCertificate } from "./certificates.ts";
import type { OpenvpnServer } from "./openvpn_server.ts";
import { Terminal } from "./terminal.ts";

let count = 0;

/**
 * Starts a real OpenVPN command-line client on a pseudo-terminal, without a management interface;
 * it asks its user.
 *
 * @param lines more options, such as `--auth-retry interact`
 */
export async function startTerminalClient(
  { directory, network }: OpenvpnServer,
  lines: readonly string[],
): Promise<Terminal> {
  const name = `terminal${++count}`;
  await makeCertificate(directory, name);
  const command = [
    ...["ip", "netns", "exec", network.client.namespace, "openvpn"],
    ...["--client", "--dev", "tun", "--proto", "udp", "--nobind"],
    ...["--remote", network.server.address, "--auth-user-pass"],
    ...["--ca", `${directory}/ca.crt`, "--cert", `${directory}/${name}.crt`],
    ...["--key", `${directory}/${name}.key`, "--verb", "3", ...lines],
  ];
  return new Terminal(command.join(" "));
}
