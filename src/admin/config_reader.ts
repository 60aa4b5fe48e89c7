import { MAX_CONFIG_BYTES } from "../server_setup/configuration/config_file.ts";
import type { ReadFile } from "../server_setup/openvpn_config/read_config.ts";
import type { AdminContext } from "./context.ts";
import { readInputFile } from "./input_file.ts";

/** Reads the files of OpenVPN's configuration for a command, up to a bound. */
export function configReader(context: AdminContext): ReadFile {
  return (path) => readInputFile(context, "the configuration", path, MAX_CONFIG_BYTES);
}
