import { resolve } from "node:path/posix";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { confNamesIn, isFile } from "../../system/present_files.ts";
import { lstat } from "../../system/trusted_path.ts";

const USUAL = "/etc/openvpn/server/server.conf";
const DIRECTORIES = ["/etc/openvpn/server", "/etc/openvpn"];

/** The largest configuration that is read, in bytes: more than keys and certificates in it take. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * The server's configuration: the given one, or the usual one, or the only one that there is.
 *
 * @param given value of `--config`
 * @throws Failure `usage` if there are several, `input_error` if there is none
 */
export function findConfig(
  given: string | undefined,
  { usual, directories } = { usual: USUAL, directories: DIRECTORIES },
): string {
  if (given !== undefined) return requireThere(resolve(given));
  const found = isFile(usual) ? [usual] : directories.flatMap(configsIn);
  const [only, ...others] = found;
  if (only === undefined) {
    throw new Failure(
      "input_error",
      `there is no *.conf in ${
        directories.join(" or ")
      }: name the server's configuration with --config`,
    );
  }
  if (others.length === 0) return only;
  throw new Failure(
    "usage",
    `there are several configurations: ${found.map(quoted).join(", ")}; choose one with --config`,
  );
}

/**
 * The systemd unit that starts OpenVPN with a configuration in this place; null for other places.
 */
export function unitNameFor(configPath: string): string | null {
  const [, server, name] = configPath.match(/^\/etc\/openvpn\/(server\/)?([^/]+)\.conf$/) ?? [];
  return name === undefined ? null : `openvpn${server === undefined ? "" : "-server"}@${name}`;
}

function requireThere(path: string): string {
  if (lstat(path) !== null) return path;
  throw new Failure("input_error", `there is no file ${quoted(path)}`);
}

function configsIn(directory: string): string[] {
  return confNamesIn(directory).map((name) => `${directory}/${name}`)
    .filter(isFile);
}
