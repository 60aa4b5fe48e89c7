import { isOn, listOf, readUnitFile, type Unit } from "../../src/server_setup/systemd/unit_file.ts";
import { mustRun } from "./command.ts";

/** A unit's text as its assignments. */
export function unitOf(name: string, text: string): Unit {
  return { name, assignments: readUnitFile(text, name) };
}

/**
 * A command that runs the program given in its arguments with a unit's capabilities, as root, where
 * systemd itself does not run.
 */
export function withCapabilitiesOf(unit: Unit): string[] {
  const names = wordsOf(unit, "CapabilityBoundingSet")
    .map((name) => name.replace(/^CAP_/, "+").toLowerCase());
  const fixed = isOn(unit, "NoNewPrivileges") ? ["--no-new-privs"] : [];
  return ["setpriv", "--bounding-set", ["-all", ...names].join(","), ...fixed];
}

/** A command that runs the program given in its arguments with mounts of its own. */
export function withMounts(...commands: readonly string[]): string[] {
  return ["unshare", "-m", "sh", "-c", [...commands, 'exec "$0" "$@"'].join(" && ")];
}

/** Makes a directory read-only, within {@link withMounts}. */
export function readOnly(directory: string): string {
  return `mount --bind ${directory} ${directory} && mount -o remount,ro,bind ${directory}`;
}

/** The system calls that a unit allows, with systemd's groups written out. */
export async function systemCallsOf(unit: Unit): Promise<Set<string>> {
  const groups = callGroups(await mustRun("systemd-analyze", ["syscall-filter", "--no-pager"]));
  const calls = new Set<string>();
  for (const { value } of listOf(unit, "SystemCallFilter")) {
    const isDenied = value.startsWith("~");
    for (const word of value.replace(/^~/, "").split(/\s+/)) {
      for (const call of callsIn(word, groups)) {
        if (isDenied) calls.delete(call);
        else calls.add(call);
      }
    }
  }
  return calls;
}

/** What `systemd-analyze syscall-filter` lists: each group's calls and groups. */
function callGroups(text: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of text.split("\n")) {
    const word = line.trim();
    if (line.startsWith("@")) groups.set(word, members = []);
    else if (/^\s+[@\w]/.test(line)) members.push(word);
  }
  return groups;
}

function callsIn(word: string, groups: ReadonlyMap<string, string[]>): string[] {
  const members = groups.get(word);
  return members === undefined ? [word] : members.flatMap((one) => callsIn(one, groups));
}

/** The words of a key whose values add up. */
export function wordsOf(unit: Unit, key: string): string[] {
  return listOf(unit, key).flatMap(({ value }) => value.split(/\s+/));
}
