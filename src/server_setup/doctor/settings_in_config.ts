import { type Config, type Directive, directivesNamed } from "../openvpn_config/directive.ts";
import { readSettings, SETTINGS, type Settings } from "../../settings.ts";

/**
 * The settings as the hook reads them from the environment that OpenVPN makes of a configuration. A
 * value that is not allowed becomes the default, so that everything else can be checked, too.
 */
export function settingsIn(config: Config): Settings {
  return settingsOf(variablesIn(config));
}

/** The settings of values by name; a value that is not allowed becomes the default. */
export function settingsOf(values: ReadonlyMap<string, string>): Settings {
  const variables = new Map(values);
  for (const { name } of badSettings(variables)) variables.delete(name);
  return readSettings((name) => variables.get(name));
}

/** Says whether it is known where the database and the key file are: nothing about them is invalid. */
export function areFilesNamed(values: ReadonlyMap<string, string>): boolean {
  const bad = badSettings(values).map(({ name }) => name);
  const { tokenDbPath, database, databaseTimeoutSeconds, keyFile } = SETTINGS;
  return [tokenDbPath, database, databaseTimeoutSeconds, keyFile]
    .every(({ name }) => !bad.includes(name));
}

/** The values that a configuration gives variables, by name. */
export function variablesIn(config: Config): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { words: [name = "", value = ""] } of directivesNamed(config, "setenv")) {
    variables.set(name, value);
  }
  return variables;
}

/** The line that makes a setting (the last one counts); null if none does. */
export function settingLine(config: Config, { name }: { name: string }): Directive | null {
  return directivesNamed(config, "setenv").findLast(({ words }) => words[0] === name) ?? null;
}

/** The settings whose value is not allowed. */
export function badSettings(
  variables: ReadonlyMap<string, string>,
): { name: string; allowed: string }[] {
  return Object.values(SETTINGS).filter(({ name, parse }) => {
    const value = variables.get(name);
    return value !== undefined && parse(value) === undefined;
  });
}
