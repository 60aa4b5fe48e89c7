import { resolve } from "node:path/posix";
import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import type { ReadFile } from "../openvpn_config/read_config.ts";
import { confNamesIn, isFile } from "../../system/present_files.ts";
import { lstat } from "../../system/trusted_path.ts";
import type { AdminContext } from "../../admin/context.ts";
import { readInputFile } from "../../admin/input_file.ts";

const USUAL = "/etc/openvpn/server/server.conf";
const DIRECTORIES = ["/etc/openvpn/server", "/etc/openvpn"];

/** More than any configuration has, keys and certificates in it included. */
const MAX_BYTES = 1024 * 1024;

/**
 * The server's configuration: the one given, else the usual one, else the only one.
 *
 * @param given value of `--config`
 * @throws Failure `usage` when there are several, `input_error` when there is none
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
      }: name the server's configuration by --config`,
    );
  }
  if (others.length === 0) return only;
  throw new Failure(
    "usage",
    `there are several configurations: name one of ${found.map(quoted).join(", ")} by --config`,
  );
}

/** The systemd unit that starts OpenVPN by its configuration's place; null for any other place. */
export function unitNameFor(configPath: string): string | null {
  const [, server, name] = configPath.match(/^\/etc\/openvpn\/(server\/)?([^/]+)\.conf$/) ?? [];
  return name === undefined ? null : `openvpn${server === undefined ? "" : "-server"}@${name}`;
}

function requireThere(path: string): string {
  if (lstat(path) !== null) return path;
  throw new Failure("input_error", `there is no file ${quoted(path)}`);
}

/** Reads configurations for {@link readConfig}, each up to a mebibyte. */
export function configReader(context: AdminContext): ReadFile {
  return (path) => readInputFile(context, "the configuration", path, MAX_BYTES);
}

function configsIn(directory: string): string[] {
  return confNamesIn(directory).map((name) => `${directory}/${name}`)
    .filter(isFile);
}
