import { lastNamed } from "../openvpn_config/directive.ts";
import { type Assignment, lastOf, listOf, type Unit } from "../systemd/unit_file.ts";
import { type Finding, ok, problemInUnit } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

/** A line of the unit that keeps a path away, and how. */
interface Obstacle {
  assignment: Assignment;
  how: string;
}

/** Something that the program needs of the file system. */
interface Need {
  path: string;
  what: string;
  isWritten: boolean;
}

/** Whether the unit shows the program what it needs (systemd.exec(5)). */
export function checkUnitPaths(unit: Unit, setUp: SetUp): Finding {
  for (const need of needsOf(setUp)) {
    const reason = hiddenBy(unit, need);
    if (reason === null) continue;
    const { assignment, how } = reason;
    const isReadOnly = how === "read-only";
    return problemInUnit(
      "unit_paths",
      assignment,
      `${need.what} ${need.path} is ${how} there${isReadOnly ? "" : ": choose another place"}`,
      isReadOnly ? `ReadWritePaths=${directoryOf(need.path)}` : null,
    );
  }
  return ok("unit_paths", "the unit shows the program its files");
}

function needsOf({ settings, tmpDir, program, config }: SetUp): Need[] {
  const needs = [{ path: program, what: "the program", isWritten: false }];
  if (lastNamed(config, "tmp-dir") !== null) {
    // Below /tmp itself nothing is needed but that it is there.
    needs.push({
      path: `${tmpDir.path}/file`,
      what: "tmp-dir, for",
      isWritten: true,
    });
  }
  needs.push(
    { path: settings.tokenDbPath, what: "the database", isWritten: true },
    { path: settings.keyFile, what: "the key file", isWritten: false },
  );
  if (settings.log.startsWith("/")) {
    needs.push({ path: settings.log, what: "the log", isWritten: true });
  }
  return needs;
}

const HOMES = ["/home", "/root", "/run/user"];
const PRIVATE = ["/tmp", "/var/tmp"];

/** What of the unit keeps the program from a path. */
function hiddenBy(
  unit: Unit,
  { path, isWritten, what }: Need,
): Obstacle | null {
  const opened = [
    ...pathsOf(unit, "ReadWritePaths"),
    ...pathsOf(unit, "BindPaths"),
    ...stateOf(unit),
  ];
  return hiddenHome(unit, path, isWritten && !isBelow(path, opened)) ??
    hiddenTmp(unit, path, what) ??
    listed(unit, "InaccessiblePaths", path, "hidden") ??
    (isWritten && !isBelow(path, opened) ? readOnly(unit, path) : null);
}

function isBelow(path: string, directories: readonly string[]): boolean {
  return directories.some((one) => path.startsWith(`${one}/`));
}

function hiddenHome(
  unit: Unit,
  path: string,
  isWritten: boolean,
): Obstacle | null {
  const home = lastOf(unit, "ProtectHome");
  if (home === null || !isBelow(path, HOMES)) return null;
  if (/^(1|yes|y|true|t|on|tmpfs)$/i.test(home.value)) {
    return { assignment: home, how: "hidden" };
  }
  return home.value === "read-only" && isWritten ? { assignment: home, how: "read-only" } : null;
}

function hiddenTmp(unit: Unit, path: string, what: string): Obstacle | null {
  const own = lastOf(unit, "PrivateTmp");
  const isOwn = own !== null && !/^(0|no|n|false|f|off)$/i.test(own.value);
  const isItself = what.startsWith("tmp-dir") &&
    PRIVATE.includes(directoryOf(path));
  return isOwn && isBelow(path, PRIVATE) && !isItself
    ? { assignment: own, how: "missing (it has a /tmp of its own)" }
    : null;
}

function readOnly(unit: Unit, path: string): Obstacle | null {
  const system = lastOf(unit, "ProtectSystem");
  return system !== null && isBelow(path, readOnlyBy(system.value))
    ? { assignment: system, how: "read-only" }
    : listed(unit, "ReadOnlyPaths", path, "read-only");
}

/** A key that lists directories, one of which the path lies below. */
function listed(
  unit: Unit,
  key: string,
  path: string,
  how: string,
): Obstacle | null {
  const assignment = listOf(unit, key).find(({ value }) =>
    isBelow(path, value.split(/\s+/).map(bare))
  );
  return assignment === undefined ? null : { assignment, how };
}

/** Directories that `ProtectSystem=` makes read-only; of "/" the empty string. */
function readOnlyBy(value: string): string[] {
  if (value === "strict") return [""];
  const some = ["/usr", "/boot", "/efi"];
  if (value === "full") return [...some, "/etc"];
  return /^(1|yes|y|true|t|on)$/i.test(value) ? some : [];
}

function pathsOf(unit: Unit, key: string): string[] {
  return listOf(unit, key).flatMap(({ value }) =>
    value.split(/\s+/).map((word) => bare(word).replace(/:.*/, ""))
  );
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

/** Without the signs that systemd allows before a path, and a slash behind it. */
function bare(path: string): string {
  return path.replace(/^[-+]+/, "").replace(/\/$/, "");
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
