import { withoutPassword } from "../../text/url_password.ts";
import { Failure } from "../../core/failure.ts";
import { SETTINGS } from "../../settings.ts";
import { parseSettingsFile, settingsFileLine } from "../../settings_file.ts";
import { quoted } from "../../text/printable.ts";
import type { SettingLine } from "../configuration/setting_lines.ts";

const HEADING =
  "# Settings of openvpn-totp's service, for all servers; the service reads them when it " +
  "starts\n# and at `systemctl reload openvpn-totp`. OpenVPN's own configuration has no effect on it.\n";

/** The service's settings before a configuration's are added to them. */
export interface ServiceSettings {
  /** The file's path, for errors. */
  path: string;
  /** Null if there is no file. */
  text: string | null;
  /** Whether the service has other servers already, for which settings would change as well. */
  isShared: boolean;
}

/** What becomes of the service's settings. */
export interface MovedSettings {
  /** The file's new text; null if it stays as it is. */
  text: string | null;
  /** All of the file's values afterwards, by name. */
  values: ReadonlyMap<string, string>;
  /** In words, what changes for the server whose configuration it is. */
  changes: readonly string[];
}

/**
 * Moves the settings of a configuration to those of the service.
 *
 * @throws Failure `config_error` if a value is not allowed, or if the service has another one;
 *   `bad_setting` if the file cannot be read
 */
export function moveSettings(
  lines: readonly SettingLine[],
  { path, text, isShared }: ServiceSettings,
): MovedSettings {
  const values = text === null ? new Map<string, string>() : parseSettingsFile(text, path);
  // OpenVPN uses the last of several lines.
  const moved = new Map(lines.map((line) => [line.name, line]));
  const changes = [...values].filter(([name, value]) => !moved.has(name) && value !== usual(name))
    .map(([name, value]) => `${name} becomes ${quoted(value)} for this server, as ${path} says`);
  const added: string[] = [];
  for (const line of moved.values()) {
    requireAllowed(line);
    const now = values.get(line.name);
    if (now === line.value) continue;
    const before = now ?? (isShared ? usual(line.name) : undefined);
    if (before !== undefined && before !== line.value) throw conflict(line, before, path);
    values.set(line.name, line.value);
    added.push(`${settingsFileLine(line.name, line.value)}\n`);
  }
  return { text: added.length === 0 ? null : withLines(text, added), values, changes };
}

function withLines(text: string | null, added: readonly string[]): string {
  const before = text ?? HEADING;
  return before + (before === "" || before.endsWith("\n") ? "" : "\n") + added.join("");
}

/** A setting's default, or what stands for it in words. */
function usual(name: string): string {
  return Object.values(SETTINGS).find((one) => one.name === name)!.default;
}

/** The service would not start with such a value. */
function requireAllowed({ at, name, value }: SettingLine): void {
  const setting = Object.values(SETTINGS).find((one) => one.name === name)!;
  if (setting.parse(value) !== undefined) return;
  throw new Failure(
    "config_error",
    `${name} is ${
      quoted(withoutPassword(value))
    } in ${at.file}:${at.line}, expected ${setting.allowed}: correct it ` +
      "first",
  );
}

function conflict({ at, name, value }: SettingLine, before: string, path: string): Failure {
  return new Failure(
    "config_error",
    `${name} is ${quoted(withoutPassword(value))} in ${at.file}:${at.line}, and ${
      quoted(before)
    } for the service ` +
      `(${path}), which has one value for all servers: make them alike first`,
  );
}
