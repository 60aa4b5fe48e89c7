import { type Directive, directivesNamed } from "../openvpn_config/directive.ts";
import { SETTINGS } from "../../settings.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

const KNOWN = Object.values(SETTINGS);

/** The settings that the configuration makes. */
export function checkSettings({ config }: SetUp): Finding[] {
  const bad = [
    ...directivesNamed(config, "setenv").flatMap(checkSetting),
    ...directivesNamed(config, "setenv-safe").flatMap(checkSafe),
  ];
  return bad.length > 0 ? bad : [ok("settings", "each totp setting has an allowed value")];
}

function checkSetting(at: Directive): Finding[] {
  const [name = "", value = ""] = at.words;
  if (!/^totp/i.test(name)) return [];
  const setting = KNOWN.find((one) => one.name === name);
  if (setting === undefined) {
    const nearest = nearestTo(name);
    return [warning(
      "settings",
      `${name} is no setting: ${nearest === null ? "see the README" : `is ${nearest} meant?`}`,
      "it does nothing",
      {
        line: nearest === null ? null : `setenv ${nearest} ${asWord(value)}`,
        at,
      },
    )];
  }
  if (setting.parse(value) !== undefined) return [];
  return [problem(
    "settings",
    `${name} is "${value}"`,
    `every login is refused: allowed is ${setting.allowed}`,
    { at },
  )];
}

/** OpenVPN puts `OPENVPN_` before such a name. */
function checkSafe(at: Directive): Finding[] {
  const [name = "", value = ""] = at.words;
  if (!/^totp/i.test(name)) return [];
  return [warning(
    "settings",
    `${name} is set by setenv-safe`,
    `the program sees it as OPENVPN_${name}, and takes no notice`,
    { line: `setenv ${name} ${asWord(value)}`, at },
  )];
}

/** A word of a configuration's line. */
function asWord(value: string): string {
  return /^[\w./,:-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** The setting whose name takes the fewest changes to get to, up to a third of the name. */
function nearestTo(name: string): string | null {
  const [nearest] = KNOWN.map((one) => ({
    name: one.name,
    distance: distance(name.toLowerCase(), one.name.toLowerCase()),
  })).sort((a, b) => a.distance - b.distance);
  return nearest!.distance <= nearest!.name.length / 3 ? nearest!.name : null;
}

/** Letters to change, add or remove to get from one to the other (Levenshtein). */
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
