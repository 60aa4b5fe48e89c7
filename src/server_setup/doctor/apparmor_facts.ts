import { readKernelFile } from "../../system/kernel_file.ts";
import { readRegularFile } from "../../system/read_regular_file.ts";
import { Failure } from "../../core/failure.ts";
import { type Denial, readDenials } from "../apparmor/denials.ts";
import type { FileRule } from "../apparmor/file_rules.ts";
import { APPARMOR_DIRECTORY, LOCAL_PATH, PROFILE_PATH } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import { allRulesIn, profileIn, type ProfileText } from "../apparmor/profile_text.ts";

/** What AppArmor has to say about OpenVPN. */
export interface ApparmorFacts {
  /** What OpenVPN needs for logins. */
  needs: readonly Need[];
  /** Why no rules can be written for it; null if they can. */
  trouble: string | null;
  /** Null if there is no file, or none that can be read. */
  profile: ProfileText & { rules: readonly FileRule[] } | null;
  /** The kernel's profiles by name, each with its mode; null if it does not say. */
  loaded: ReadonlyMap<string, string> | null;
  /** What was refused after somebody last changed the rules, the latest last. */
  denials: readonly Denial[];
}

/** More bytes than a profile or an include has. */
const MAX_BYTES = 1024 * 1024;

/**
 * Gathers what there is of AppArmor.
 *
 * @param needs tells what OpenVPN needs; may throw a Failure
 * @param root in front of each path; empty on a running system
 * @returns null if the kernel does not use AppArmor
 */
export function gatherApparmor(needs: () => readonly Need[], root = ""): ApparmorFacts | null {
  const enabled = readKernelFile(`${root}/sys/module/apparmor/parameters/enabled`);
  if (enabled?.trim() !== "Y") return null;
  const text = textAt(root + PROFILE_PATH);
  const header = text === null ? null : profileIn(text);
  const read = (name: string) => textAt(`${root}${APPARMOR_DIRECTORY}/${name}`);
  const profile = text === null || header === null
    ? null
    : { ...header, rules: allRulesIn(text, read) };
  return {
    ...needed(needs),
    profile,
    loaded: loadedIn(root),
    denials: denialsSince(header, root),
  };
}

function needed(needs: () => readonly Need[]): Pick<ApparmorFacts, "needs" | "trouble"> {
  try {
    return { needs: needs(), trouble: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { needs: [], trouble: error.message };
  }
}

function loadedIn(root: string): Map<string, string> | null {
  const list = readKernelFile(`${root}/sys/kernel/security/apparmor/profiles`, MAX_BYTES);
  if (list === null) return null;
  const lines = list.matchAll(/^(.+) \((\w+)\)$/gm);
  return new Map(Array.from(lines, ([, name, mode]) => [name!, mode!]));
}

/** Those before the last change are what it was made for. */
function denialsSince(profile: ProfileText | null, root: string): Denial[] {
  if (profile === null) return [];
  const since = Math.max(...[PROFILE_PATH, LOCAL_PATH].map((path) => changeOf(root + path)));
  return readDenials(profile.name, root).filter(({ second }) => second * 1000 > since);
}

function changeOf(path: string): number {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}

function textAt(path: string): string | null {
  try {
    return new TextDecoder().decode(readRegularFile(path, MAX_BYTES).content);
  } catch {
    return null;
  }
}
