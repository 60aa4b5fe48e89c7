import { type Config, type Directive, directivesNamed } from "../openvpn_config/directive.ts";
import { SETTINGS } from "../../settings.ts";
import { settingsFileLine } from "../../settings_file.ts";
import { setenvLine, settingLines } from "../configuration/setting_lines.ts";
import { withoutPassword } from "../../text/url_password.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { LineFacts, ServiceSettingsFacts } from "./set_up.ts";

const KNOWN = Object.values(SETTINGS);

/** The settings that the configuration makes. */
export function checkSettings({ config, serviceSettings }: LineFacts): Finding[] {
  if (serviceSettings !== null) return checkUnread(config, serviceSettings);
  const bad = [
    ...directivesNamed(config, "setenv").flatMap(checkSetting),
    ...directivesNamed(config, "setenv-safe").flatMap(checkSafe),
  ];
  return bad.length > 0 ? bad : [ok("settings", "each totp setting has an allowed value")];
}

/** The service does not see what OpenVPN gives its scripts. */
function checkUnread(config: Config, { path, error }: ServiceSettingsFacts): Finding[] {
  const unread = settingLines(config).map(({ at, name, value }) =>
    warning(
      "settings",
      `${name} is set in OpenVPN's configuration`,
      `the service reads ${path} only: put the line there`,
      {
        line: settingsFileLine(name, withoutPassword(value)),
        at,
      },
    )
  );
  if (error !== null) {
    return [...unread, problem("settings", error, "the service does not start: correct the line")];
  }
  return unread.length > 0
    ? unread
    : [ok("settings", "each of the service's settings has an allowed value")];
}

function checkSetting(at: Directive): Finding[] {
  const [name = "", value = ""] = at.words;
  if (!/^totp/i.test(name)) return [];
  const setting = KNOWN.find((one) => one.name === name);
  if (setting === undefined) return [unknownSetting(name, value, at)];
  if (setting.parse(value) !== undefined) return [];
  const why = `every login is refused: expected ${setting.allowed}`;
  const objection = setting.objection?.(value);
  const what = objection === undefined
    ? `${name} is "${value}"`
    : `${name} is not allowed: ${objection}`;
  return [problem("settings", what, why, { at })];
}

function unknownSetting(name: string, value: string, at: Directive): Finding {
  const nearest = nearestTo(name);
  const hint = nearest === null ? "see docs/settings.md" : `did you mean ${nearest}?`;
  const line = nearest === null ? null : setenvLine(nearest, withoutPassword(value));
  return warning("settings", `${name} is not a setting: ${hint}`, "it does nothing", { line, at });
}

/** OpenVPN puts `OPENVPN_` in front of such a name. */
function checkSafe(at: Directive): Finding[] {
  const [name = "", value = ""] = at.words;
  if (!/^totp/i.test(name)) return [];
  return [warning(
    "settings",
    `${name} is set with setenv-safe`,
    `the program sees it as OPENVPN_${name} and ignores it`,
    { line: setenvLine(name, withoutPassword(value)), at },
  )];
}

/** The setting with the most similar name, if at most a third of its letters differ. */
function nearestTo(name: string): string | null {
  const [nearest] = KNOWN.map((one) => ({
    name: one.name,
    distance: distance(name.toLowerCase(), one.name.toLowerCase()),
  })).sort((a, b) => a.distance - b.distance);
  return nearest!.distance <= nearest!.name.length / 3 ? nearest!.name : null;
}

/** How many letters to change, add or remove to turn one word into the other (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const change = row[j]! + (to[j] === letter ? 0 : 1);
      next.push(Math.min(change, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
