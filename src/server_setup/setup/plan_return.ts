import { bytesOf, encodeLatin1 } from "../../text/latin1.ts";
import {
  HOOK_MARK,
  isOurManagement,
  SERVICE_HEADING,
  SERVICE_OPTIONS,
  serviceLines,
} from "../configuration/service_lines.ts";
import { isSetting, setenvLine } from "../configuration/setting_lines.ts";
import { type Config, type Directive, directivesNamed } from "../openvpn_config/directive.ts";
import { parseLine } from "../openvpn_config/parse_line.ts";
import { ConfigEdit } from "./config_edit.ts";
import type { EditedLine } from "./lines.ts";

/**
 * Takes back what `planService` did to a configuration, up to the lines that hooks need and that were
 * never there: `planSetup` adds those. The service's settings become the configuration's.
 *
 * @param text the configuration, one character for each byte
 * @param path the configuration's path, as its directives give it
 * @param settings the values in the service's settings, by name
 * @throws Failure `config_error`
 */
export function planReturn(
  text: string,
  config: Config,
  { path, settings }: { path: string; settings: ReadonlyMap<string, string> },
): EditedLine[] {
  const edit = new ConfigEdit(text, path);
  for (const one of ourLines(config)) edit.remove(one);
  for (const line of edit.linesThatAre(SERVICE_HEADING, config)) edit.restore(line, null);
  const aside = edit.setAsideLines(HOOK_MARK, config);
  const last = new Map(aside.map((one) => [settingIn(one.text)?.name, one]));
  for (const one of aside) {
    const setting = settingIn(one.text);
    const counts = setting !== null && last.get(setting.name) === one;
    edit.restore(one.line, counts ? restoredSetting(one.text, setting, settings) : one.text);
  }
  const added = [...settings].filter(([name]) => !last.has(name))
    .map(([name, value]) => bytesOf(setenvLine(name, value)));
  if (added.length > 0) edit.append(added);
  return edit.lines();
}

/** The lines that `planService` adds. */
function ourLines(config: Config): Directive[] {
  const managements = directivesNamed(config, "management").filter(isOurManagement);
  const lines = managements.flatMap(({ words: [socket = ""] }) => serviceLines(socket));
  return SERVICE_OPTIONS.flatMap((name) => directivesNamed(config, name))
    .filter(({ name, words }) => lines.includes([name, ...words].join(" ")));
}

/** The setting that a line makes; null if it makes none. */
function settingIn(line: string): { name: string; value: string } | null {
  const parsed = parseLine(encodeLatin1(line));
  const [first, name = "", value = ""] = "words" in parsed ? parsed.words : [];
  return /^(--)?setenv$/.test(first ?? "") && isSetting(name) ? { name, value } : null;
}

/** The line as it was, if the service has the same value; null if the setting is gone. */
function restoredSetting(
  line: string,
  { name, value }: { name: string; value: string },
  settings: ReadonlyMap<string, string>,
): string | null {
  const now = settings.get(name);
  if (now === undefined) return null;
  return now === value ? line : bytesOf(setenvLine(name, now));
}
