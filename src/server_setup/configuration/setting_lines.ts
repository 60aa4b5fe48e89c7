import { SETTINGS } from "../../settings.ts";
import { type Config, type Directive, directivesNamed } from "../openvpn_config/directive.ts";

/** A line that makes a setting, and its value. */
export interface SettingLine {
  at: Directive;
  name: string;
  value: string;
}

/** The lines of a configuration that make a setting that there is. */
export function settingLines(config: Config): SettingLine[] {
  return directivesNamed(config, "setenv").flatMap((at) => {
    const [name = "", value = ""] = at.words;
    return isSetting(name) ? [{ at, name, value }] : [];
  });
}

/** Says whether a variable is a setting's. */
export function isSetting(name: string): boolean {
  return Object.values(SETTINGS).some((one) => one.name === name);
}

/** The line that makes a setting. */
export function setenvLine(name: string, value: string): string {
  return `setenv ${name} ${asWord(value)}`;
}

/** A value as one word of a configuration line. */
export function asWord(value: string): string {
  return /^[\w./,:-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}
