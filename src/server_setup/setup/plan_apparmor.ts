import { Failure } from "../../core/failure.ts";
import { decodeLatin1, encodeLatin1 } from "../../text/latin1.ts";
import { quoted } from "../../text/printable.ts";
import { executionOf, fileRulesIn, includesIn } from "../apparmor/file_rules.ts";
import { withoutOurRules, withRules } from "../apparmor/local_text.ts";
import { LOCAL_PATH, PROFILE_PATH } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import { onlyPathOf } from "../apparmor/path_pattern.ts";
import { type FileChange, originalAt } from "./file_change.ts";
import type { Original } from "./replace_file.ts";

/** What becomes of AppArmor's rules. */
export interface ApparmorPlan {
  /** Null if they stay as they are. */
  change: FileChange | null;
  /** Whether there is a profile that they belong to. */
  hasProfile: boolean;
  /** In words, what else is to be known. */
  notes: readonly string[];
}

/** Whose rules are planned, and where. */
export interface ApparmorPlace {
  /** The path of the server's configuration. */
  config: string;
  /** In front of each path; empty on a running system. */
  root: string;
  /** Reads a file, up to a maximum size. */
  read(path: string): Uint8Array;
}

/** Says whether this system has a profile for OpenVPN. */
export function hasProfile({ root, read }: Pick<ApparmorPlace, "root" | "read">): boolean {
  return originalAt(root + PROFILE_PATH, read) !== null;
}

/**
 * Plans the rules for one server in the file that OpenVPN's profile includes; everything else in it
 * stays.
 *
 * @param needs what the server needs; null to take its rules out
 * @throws Failure `config_error` where a rule that is there is at odds with them, `untrusted_path`,
 *   `input_error`
 */
export function planApparmor(needs: readonly Need[] | null, place: ApparmorPlace): ApparmorPlan {
  const { root, read } = place;
  const path = root + LOCAL_PATH;
  const original = originalAt(path, read);
  const profile = textOf(originalAt(root + PROFILE_PATH, read));
  const now = textOf(original) ?? "";
  if (needs !== null) requireText(path, now);
  const others = withoutOurRules(now);
  const missing = (needs ?? []).filter((need) => !isThere(need, others, profile ?? ""));
  const next = withRules(now, bytesOf(place.config), missing.map(({ rule }) => bytesOf(rule)));
  const change = next === now
    ? null
    : { path, content: encodeLatin1(next), original, keepsCopy: original !== null };
  const notes = needs === null ? [] : notesOn(profile);
  return { change, hasProfile: profile !== null, notes };
}

/**
 * Says whether somebody has written a rule for the program already, which lets it leave the
 * profile. Another one beside it could keep the parser from taking the profile at all.
 *
 * @throws Failure `config_error` if that rule is no good
 */
function isThere({ program }: Need, local: string, profile: string): boolean {
  if (program === null) return false;
  for (const [file, text] of [[LOCAL_PATH, local], [PROFILE_PATH, profile]] as const) {
    const about = fileRulesIn(text).filter(({ permissions, pattern }) =>
      permissions.includes("x") && onlyPathOf(pattern) === bytesOf(program)
    );
    const [first] = about;
    if (first === undefined) continue;
    if (executionOf(about, bytesOf(program)) === "leaves") return true;
    throw atOdds(`${file}:${first.line}`, first, program);
  }
  return false;
}

function atOdds(
  at: string,
  { permissions, isDenied }: { permissions: string; isDenied: boolean },
  program: string,
): Failure {
  const what = isDenied ? "forbids OpenVPN to run" : "keeps within OpenVPN's own profile";
  return new Failure(
    "config_error",
    `the rule in ${at} (${permissions}) ${what} ${
      quoted(program)
    }, and AppArmor takes no other one ` +
      "beside it: remove it, then run setup again, or use --no-apparmor",
  );
}

function notesOn(profile: string | null): string[] {
  if (profile === null) {
    return [`there is no ${PROFILE_PATH}, so AppArmor's rules have no effect yet`];
  }
  if (includesIn(profile).includes("local/openvpn")) return [];
  return [
    `${PROFILE_PATH} does not include ${LOCAL_PATH}, so the rules there have no effect: add the ` +
    'line "include if exists <local/openvpn>" before its last "}"',
  ];
}

/** One character for each byte; null for no file. */
function textOf(original: Original | null): string | null {
  return original === null ? null : decodeLatin1(original.content);
}

function requireText(path: string, text: string): void {
  if (!text.includes("\0")) return;
  throw new Failure(
    "config_error",
    `${quoted(path)} is no text of AppArmor's (it has a NUL character): move it away, then run ` +
      "setup again, or use --no-apparmor",
  );
}

function bytesOf(text: string): string {
  return decodeLatin1(new TextEncoder().encode(text));
}
