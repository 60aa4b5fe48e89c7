import { makeCertificate } from "./certificates.ts";
import type { OpenvpnServer } from "./openvpn_server.ts";

/**
 * Writes a client's whole configuration, as an administrator hands it to a user, with a certificate
 * of its own in it.
 *
 * @param lines more lines of configuration
 * @returns the file's path
 */
export async function writeProfile(
  { directory, network }: OpenvpnServer,
  name: string,
  lines: readonly string[] = [],
): Promise<string> {
  await makeCertificate(directory, name);
  const inline = async (tag: string, file: string) =>
    `<${tag}>\n${await Deno.readTextFile(`${directory}/${file}`)}</${tag}>`;
  const path = `${directory}/${name}.ovpn`;
  await Deno.writeTextFile(
    path,
    [
      ...["client", "dev tun", "proto udp", "nobind", `remote ${network.server.address} 1194`],
      ...["auth-user-pass", ...lines],
      await inline("ca", "ca.crt"),
      await inline("cert", `${name}.crt`),
      await inline("key", `${name}.key`),
      "",
    ].join("\n"),
  );
  return path;
}
