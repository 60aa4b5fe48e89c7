import { dirname, resolve } from "node:path/posix";
import type { Config } from "../openvpn_config/directive.ts";
import { readCommandLine, readConfig, type ReadFile } from "../openvpn_config/read_config.ts";
import { commandOf, lastOf, type Unit } from "../systemd/unit_file.ts";

/**
 * Reads a configuration as OpenVPN does when the unit starts it: with the options on the unit's
 * command line, if that command line names this configuration.
 *
 * @param unit null if no unit is known
 */
export function readEffectiveConfig(
  configPath: string,
  unit: Unit | null,
  readFile: ReadFile,
): Config {
  const started = unit === null ? null : readStarted(unit, readFile);
  if (started !== null && isNamedIn(started, configPath)) return started;
  return readConfig(configPath, { directory: dirname(configPath), readFile });
}

/** What the unit's command line makes OpenVPN read; null if the unit has no command. */
function readStarted(unit: Unit, readFile: ReadFile): Config | null {
  const command = commandOf(unit);
  if (command === null) return null;
  const { words: [, ...args], at } = command;
  const directory = lastOf(unit, "WorkingDirectory")?.value ?? "/";
  return readCommandLine(args, at, { directory, readFile });
}

function isNamedIn({ directives }: Config, configPath: string): boolean {
  const directory = dirname(configPath);
  return directives.some(({ name, words: [path = ""] }) =>
    name === "config" && resolve(directory, path) === configPath
  );
}
