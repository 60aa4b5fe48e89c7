import { dirname } from "node:path/posix";
import { filePathOf } from "../../core/database_place.ts";
import type { Settings } from "../../settings.ts";
import { labelOf } from "../../system/file_label.ts";
import { readKernelFile } from "../../system/kernel_file.ts";

/** A file's label; null if it has none, or is not there. */
export interface Labelled {
  path: string;
  label: string | null;
}

/** What SELinux has to say about OpenVPN. */
export interface SelinuxFacts {
  isEnforcing: boolean;
  openvpn: Labelled | null;
  /** The programs that OpenVPN runs. */
  programs: readonly Labelled[];
  /** The database, if it is in a file, and its directory. */
  database: readonly Labelled[];
  /** Whether OpenVPN's scripts may leave its domain; null if the policy does not know of that. */
  runsUnconfined: boolean | null;
}

/** What is looked at. */
interface SelinuxPlaces {
  /** The paths of OpenVPN and of the programs that it runs, without links. */
  openvpn: string | null;
  programs: readonly string[];
  settings: Settings;
}

/**
 * Gathers what there is of SELinux.
 *
 * @param root in front of the kernel's own paths; empty on a running system
 * @returns null if the kernel does not use SELinux
 */
export function gatherSelinux(
  { openvpn, programs, settings }: SelinuxPlaces,
  root = "",
): SelinuxFacts | null {
  const policy = `${root}/sys/fs/selinux`;
  const mode = readKernelFile(`${policy}/enforce`);
  if (mode === null) return null;
  // "1 1": what counts now, and what would after the next commit.
  const boolean = readKernelFile(`${policy}/booleans/openvpn_run_unconfined`);
  const database = filePathOf(settings.database);
  return {
    isEnforcing: mode.trim() === "1",
    openvpn: openvpn === null ? null : labelled(openvpn),
    programs: programs.map(labelled),
    database: database === null ? [] : [dirname(database), database].map(labelled),
    runsUnconfined: boolean === null ? null : boolean.startsWith("1"),
  };
}

function labelled(path: string): Labelled {
  return { path, label: labelOf(path) };
}
