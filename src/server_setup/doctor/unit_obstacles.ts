import { type Assignment, lastOf, listOf, type Unit } from "../systemd/unit_file.ts";

/** Something that the program needs from the file system. */
export interface Need {
  path: string;
  /** What it is, in words. */
  what: string;
  isWritten: boolean;
  /** Its directory is shared with OpenVPN, so that a private `/tmp` serves both. */
  isShared?: boolean;
}

/** A line of the unit that keeps a path from the program, and how. */
export interface UnitObstacle {
  assignment: Assignment;
  how: string;
}

const HOMES = ["/home", "/root", "/run/user"];
const PRIVATE = ["/tmp", "/var/tmp"];

/** The line of the unit that keeps a path from the program; null if none does. */
export function obstacleTo(need: Need, unit: Unit): UnitObstacle | null {
  const { path, isWritten } = need;
  const isReadOnlyAtMost = isWritten && !isBelow(path, writableBy(unit));
  return hiddenHome(unit, path, isReadOnlyAtMost) ??
    hiddenTmp(unit, need) ??
    listed(unit, { key: "InaccessiblePaths", how: "hidden" }, path) ??
    (isReadOnlyAtMost ? readOnly(unit, path) : null);
}

/** Directories that the unit makes writable again. */
function writableBy(unit: Unit): string[] {
  return [...pathsOf(unit, "ReadWritePaths"), ...pathsOf(unit, "BindPaths"), ...stateOf(unit)];
}

function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some((one) => path.startsWith(`${one}/`));
}

function hiddenHome(unit: Unit, path: string, mustBeWritten: boolean): UnitObstacle | null {
  const home = lastOf(unit, "ProtectHome");
  if (home === null || !isBelow(path, HOMES)) return null;
  if (/^(1|yes|y|true|t|on|tmpfs)$/i.test(home.value)) return { assignment: home, how: "hidden" };
  const isReadOnly = home.value === "read-only" && mustBeWritten;
  return isReadOnly ? { assignment: home, how: "read-only" } : null;
}

function hiddenTmp(unit: Unit, { path, isShared = false }: Need): UnitObstacle | null {
  const own = lastOf(unit, "PrivateTmp");
  if (own === null || /^(0|no|n|false|f|off)$/i.test(own.value)) return null;
  // Directly in a private /tmp, files that the program and OpenVPN share are there for both.
  const isInBoth = isShared && PRIVATE.includes(directoryOf(path));
  if (isInBoth || !isBelow(path, PRIVATE)) return null;
  return { assignment: own, how: "missing (the unit has its own /tmp)" };
}

function readOnly(unit: Unit, path: string): UnitObstacle | null {
  const system = lastOf(unit, "ProtectSystem");
  return system !== null && isBelow(path, readOnlyBy(system.value))
    ? { assignment: system, how: "read-only" }
    : listed(unit, { key: "ReadOnlyPaths", how: "read-only" }, path);
}

/** The line of a key that lists a directory above the path. */
function listed(
  unit: Unit,
  { key, how }: { key: string; how: string },
  path: string,
): UnitObstacle | null {
  const assignment = listOf(unit, key)
    .find(({ value }) => isBelow(path, value.split(/\s+/).map(bare)));
  return assignment === undefined ? null : { assignment, how };
}

/** Directories that `ProtectSystem=` makes read-only; the empty string stands for `/`. */
function readOnlyBy(value: string): string[] {
  if (value === "strict") return [""];
  const some = ["/usr", "/boot", "/efi"];
  if (value === "full") return [...some, "/etc"];
  return /^(1|yes|y|true|t|on)$/i.test(value) ? some : [];
}

function pathsOf(unit: Unit, key: string): string[] {
  return listOf(unit, key)
    .flatMap(({ value }) => value.split(/\s+/).map((word) => bare(word).replace(/:.*/, "")));
}

function stateOf(unit: Unit): string[] {
  const places: [string, string][] = [
    ["StateDirectory", "/var/lib"],
    ["LogsDirectory", "/var/log"],
    ["CacheDirectory", "/var/cache"],
    ["RuntimeDirectory", "/run"],
  ];
  return places.flatMap(([key, place]) => pathsOf(unit, key).map((name) => `${place}/${name}`));
}

/** A path without the signs that systemd allows in front of it, and without a slash at its end. */
function bare(path: string): string {
  return path.replace(/^[-+]+/, "").replace(/\/$/, "");
}

/** The directory that a path is in. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
