import { confNamesIn, isFile } from "../../system/present_files.ts";
import { readUnitFile, type Unit } from "./unit_file.ts";

/** Where units are; the first one found is used (systemd.unit(5), "UNIT FILE LOAD PATH"). */
const UNIT_DIRECTORIES = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/usr/lib/systemd/system",
  "/lib/systemd/system",
];

/** The largest unit file that is read, in bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a unit with its drop-ins.
 *
 * @param name such as `openvpn-server@server.service`
 * @returns null if there is no such unit
 */
export function readUnit(
  name: string,
  directories: readonly string[] = UNIT_DIRECTORIES,
): Unit | null {
  const template = name.replace(/@.*(?=\.service$)/, "@");
  const path = [name, template].flatMap((file) =>
    directories.map((directory) => `${directory}/${file}`)
  ).find(isFile);
  if (path === undefined) return null;
  const files = [path, ...dropIns([name, template], directories)];
  const assignments = files.flatMap((file) => readUnitFile(read(file), file));
  return { name, assignments };
}

/**
 * Drop-ins in the order of their names; if several places have the same name, the first one counts.
 */
function dropIns(names: readonly string[], directories: readonly string[]): string[] {
  const byName = new Map<string, string>();
  const places = [...names, "service"].flatMap((name) =>
    directories.map((directory) => `${directory}/${name}.d`)
  );
  for (const place of places) {
    for (const file of confNamesIn(place)) {
      if (!byName.has(file)) byName.set(file, `${place}/${file}`);
    }
  }
  return [...byName.keys()].sort().map((file) => byName.get(file)!);
}

/** A file's text; empty if it is a link to /dev/null or cannot be read. */
function read(path: string): string {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile && size <= MAX_BYTES ? Deno.readTextFileSync(path) : "";
  } catch {
    return "";
  }
}
