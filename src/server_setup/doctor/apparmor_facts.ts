import { readKernelFile } from "../../system/kernel_file.ts";
import type { EpochMs } from "../../core/epoch.ts";
import { Failure } from "../../core/failure.ts";
import { isFile } from "../../system/present_files.ts";
import { type Denial, readDenials } from "../apparmor/denials.ts";
import { LOCAL_PATH, PROFILE_PATH } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import { allRulesIn, type FoundRule, fromOpenvpns, profileIn } from "../apparmor/profile_text.ts";
import { readTexts } from "../apparmor/read_texts.ts";
import { expansionsOf } from "../apparmor/variables.ts";

/** OpenVPN's profile. */
export interface Profile {
  /** The name by which the kernel lists it. */
  name: string;
  /** Patterns of what it confines; none if that is not said. */
  attachments: readonly string[];
  rules: readonly FoundRule[];
}

/** What AppArmor has to say about OpenVPN. */
export interface ApparmorFacts {
  /** What OpenVPN needs for logins. */
  needs: readonly Need[];
  /** Why no rules can be written for it, or those that are there not be judged; null if they can. */
  trouble: string | null;
  /** Null if there is no file, or no profile that can be read in it. */
  profile: Profile | null;
  /** Whether there is a file that is to have it. */
  hasFile: boolean;
  /** The kernel's profiles by name, each with its mode; null if it does not say. */
  loaded: ReadonlyMap<string, string> | null;
  /** What was refused after somebody last changed the rules, the latest last. */
  denials: readonly Denial[];
}

/** More bytes than the kernel's list of profiles has. */
const MAX_BYTES = 1024 * 1024;

/**
 * Gathers what there is of AppArmor.
 *
 * @param needs tells what OpenVPN needs; may throw a Failure
 * @param root in front of each path; empty on a running system
 * @returns null if the kernel does not use AppArmor
 */
export function gatherApparmor(
  needs: () => readonly Need[],
  now: EpochMs,
  root = "",
): ApparmorFacts | null {
  const enabled = readKernelFile(`${root}/sys/module/apparmor/parameters/enabled`);
  if (enabled?.trim() !== "Y") return null;
  const { profile, trouble } = profileBelow(root);
  const wanted = needed(needs);
  return {
    needs: wanted.needs,
    trouble: wanted.trouble ?? trouble,
    profile,
    hasFile: isFile(root + PROFILE_PATH),
    loaded: loadedIn(root),
    denials: profile === null ? [] : denialsOf(profile, now, root),
  };
}

function profileBelow(root: string): Pick<ApparmorFacts, "profile" | "trouble"> {
  const text = profileTextBelow(root);
  const header = text === null ? null : profileIn(text);
  if (text === null || header === null) return { profile: null, trouble: null };
  const { name } = header;
  const own = header.attachment === null ? [] : [header.attachment];
  try {
    const texts = [{ file: PROFILE_PATH, text, level: 1 as const }];
    const { rules, variables } = allRulesIn(texts, (path) => readTexts(root, path));
    const attachments = own.flatMap((one) => expansionsOf(one, variables));
    return { profile: { name, attachments, rules }, trouble: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { profile: { name, attachments: own, rules: [] }, trouble: error.message };
  }
}

/** Null if it is not there or cannot be read. */
function profileTextBelow(root: string): string | null {
  try {
    const [found] = readTexts(root, PROFILE_PATH);
    return found === undefined ? null : fromOpenvpns(found.text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return null;
  }
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

/** Those before the last change are what it was made for; those after now are made up. */
function denialsOf({ name }: Profile, now: EpochMs, root: string): Denial[] {
  const since = Math.max(...[PROFILE_PATH, LOCAL_PATH].map((path) => changeOf(root + path)));
  return readDenials(name, root)
    .filter(({ second }) => second * 1000 > since && second * 1000 <= now);
}

/** Not when the content was written: packages and copies keep that time. */
function changeOf(path: string): number {
  try {
    return Deno.statSync(path).ctime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}
