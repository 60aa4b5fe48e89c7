import { dirname, resolve } from "node:path/posix";
import { type Config, lastNamed } from "../openvpn_config/directive.ts";
import { readCommandLine, readConfig, type ReadFile } from "../openvpn_config/read_config.ts";
import { readUnit } from "../systemd/read_unit.ts";
import { commandOf, lastOf, listOf, type Unit, wordsOf } from "../systemd/unit_file.ts";
import { unitNameFor } from "./config_file.ts";

/**
 * The unit that starts a configuration; distributions have one for each of the two directories. Null
 * if none is known.
 */
export function unitFor(configPath: string): Unit | null {
  const name = unitNameFor(configPath);
  return name === null ? null : readUnit(`${name}.service`);
}

/**
 * Reads a configuration as OpenVPN does when the unit starts it: with the options on the unit's
 * command line, if that command line names this configuration, and with its TMPDIR.
 *
 * @param unit null if no unit is known
 */
export function readEffectiveConfig(
  configPath: string,
  unit: Unit | null,
  readFile: ReadFile,
): Config {
  const started = unit === null ? null : readStarted(unit, readFile);
  const config = started !== null && isNamedIn(started, configPath)
    ? started
    : readConfig(configPath, { directory: dirname(configPath), readFile });
  return unit === null ? config : withTmpDir(config, unit);
}

const TMPDIR = "TMPDIR=";

/** Without a `tmp-dir`, OpenVPN takes what TMPDIR in its environment says, even if that is nothing. */
function withTmpDir(config: Config, unit: Unit): Config {
  const last = listOf(unit, "Environment").flatMap(({ value, file, line }) =>
    wordsOf(value, unit).filter((word) => word.startsWith(TMPDIR))
      .map((word) => ({ words: [word.slice(TMPDIR.length)], file, line, lastLine: line }))
  ).at(-1);
  if (last === undefined || lastNamed(config, "tmp-dir") !== null) return config;
  const unset = listOf(unit, "UnsetEnvironment").flatMap(({ value }) => wordsOf(value, unit));
  if (unset.includes("TMPDIR") || unset.includes(`${TMPDIR}${last.words[0]}`)) return config;
  const directive = { name: "tmp-dir", isInline: false, ...last };
  return { ...config, directives: [...config.directives, directive] };
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
