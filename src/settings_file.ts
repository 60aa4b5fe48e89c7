import { Failure } from "./core/failure.ts";
import { SETTINGS } from "./settings.ts";
import { quoted } from "./text/printable.ts";

/** The names of all settings. */
const NAMES: ReadonlySet<string> = new Set(Object.values(SETTINGS).map(({ name }) => name));

/**
 * Reads a file of settings: lines `totpName value`, where the value goes to the end of the line and
 * may be in double quotes (with `\"` and `\\` in them). Empty lines, and lines that begin with `#`,
 * say nothing. Whether a value is allowed is checked where the setting is read.
 *
 * @param path the file's path, for errors
 * @returns values by name
 * @throws Failure `bad_setting` that names the line, for an unknown name, for one that is there
 *   twice, or for a line of another form
 */
export function parseSettingsFile(text: string, path: string): Map<string, string> {
  const values = new Map<string, string>();
  const lineOf = new Map<string, number>();
  for (const [i, raw] of text.replace(/^\ufeff/, "").split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const { name, value } = parseSettingLine(line, `${path}:${i + 1}`);
    const earlier = lineOf.get(name);
    if (earlier !== undefined) {
      throw bad(
        `${path}:${i + 1}`,
        `sets ${name} again, after line ${earlier}: remove one of them`,
      );
    }
    lineOf.set(name, i + 1);
    values.set(name, value);
  }
  return values;
}

/** A line of such a file; the value is in quotes where it would not be read as it is otherwise. */
export function settingsFileLine(name: string, value: string): string {
  const isPlain = value !== "" && value === value.trim() && !value.startsWith('"');
  return `${name} ${isPlain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
}

function parseSettingLine(line: string, at: string): { name: string; value: string } {
  const [, name = "", rest = ""] = line.match(/^(\S+)\s*([^]*)$/) ?? [];
  if (name === "setenv") {
    throw bad(
      at,
      "begins with `setenv`, which only OpenVPN's configuration needs: remove the word",
    );
  }
  if (!NAMES.has(name)) {
    throw bad(at, `sets ${quoted(name)}, and there is no such setting: see openvpn-totp(8)`);
  }
  const value = rest.startsWith('"') ? unquotedValue(rest) : rest;
  if (value === null) {
    throw bad(at, `has a value of ${name} whose quotes are not closed at the end of the line`);
  }
  if (rest === "") throw bad(at, `names ${name} without a value: expected \`${name} VALUE\``);
  return { name, value };
}

/** The text in double quotes; null if they do not enclose all of it. */
function unquotedValue(text: string): string | null {
  const [, inside] = text.match(/^"((?:[^"\\]|\\["\\])*)"$/) ?? [];
  return inside === undefined ? null : inside.replace(/\\(["\\])/g, "$1");
}

function bad(at: string, what: string): Failure {
  return new Failure("bad_setting", `${at} ${what}`);
}
