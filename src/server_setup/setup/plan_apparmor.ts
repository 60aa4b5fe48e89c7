import { Failure, isSystemError } from "../../core/failure.ts";
import { isFile } from "../../system/present_files.ts";
import { bytesOf, decodeLatin1, encodeLatin1 } from "../../text/latin1.ts";
import { messageOf } from "../../text/message_of.ts";
import { quoted } from "../../text/printable.ts";
import { decisiveFor, executionOf } from "../apparmor/file_rules.ts";
import { withoutOurRules, withRules } from "../apparmor/local_text.ts";
import { LOCAL_PATH, PROFILE_PATH } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import { allRulesIn, type FoundRule, includesIn } from "../apparmor/profile_text.ts";
import { readTexts } from "../apparmor/read_texts.ts";
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

/**
 * Says whether this system has a profile for OpenVPN.
 *
 * @throws Failure `config_error`, `untrusted_path`, `input_error` if it cannot be read
 */
export function hasProfile({ root, read }: Pick<ApparmorPlace, "root" | "read">): boolean {
  return rulesFileAt(root + PROFILE_PATH, read) !== null;
}

/**
 * Plans the rules for one server in the file that OpenVPN's profile includes; everything else in it
 * stays.
 *
 * @throws Failure `config_error` where a rule that is there is at odds with them, `untrusted_path`,
 *   `input_error`
 */
export function planApparmor(needs: readonly Need[], place: ApparmorPlace): ApparmorPlan {
  const { root, read } = place;
  const original = rulesFileAt(root + LOCAL_PATH, read);
  const profile = textOf(rulesFileAt(root + PROFILE_PATH, read));
  const now = textOf(original) ?? "";
  requireText(root + LOCAL_PATH, now);
  const others = rulesWith(withoutOurRules(now), profile, root);
  const missing = needs.filter((need) => !isThere(need, others));
  const next = withRules(now, place.config, missing.map(({ rule }) => bytesOf(rule)));
  const all = rulesWith(next, profile, root);
  return {
    change: changeTo(next, original, root),
    hasProfile: profile !== null,
    notes: [...notesOn(profile), ...needs.flatMap((need) => contradictionOf(need, others, all))],
  };
}

/**
 * Plans that the rules for one server go, without a look at the profile. Where that is not possible,
 * they stay, and a note says why.
 */
export function planWithoutApparmor({ root, read, config }: ApparmorPlace): ApparmorPlan {
  const hasProfile = isFile(root + PROFILE_PATH);
  try {
    const original = rulesFileAt(root + LOCAL_PATH, read);
    const next = withRules(textOf(original) ?? "", config, []);
    return { change: changeTo(next, original, root), hasProfile, notes: [] };
  } catch (error) {
    if (!(error instanceof Failure) && !isSystemError(error)) throw error;
    const note = `AppArmor's rules stay as they are: ${messageOf(error)}`;
    return { change: null, hasProfile, notes: [note] };
  }
}

/** Null if nothing changes. */
function changeTo(next: string, original: Original | null, root: string): FileChange | null {
  if (next === (textOf(original) ?? "")) return null;
  const content = encodeLatin1(next);
  return { path: root + LOCAL_PATH, content, original, keepsCopy: original !== null };
}

function rulesFileAt(path: string, read: ApparmorPlace["read"]): Original | null {
  return originalAt(path, read, "move it away, then run setup again");
}

/** All that counts if a text is in the local file: its rules, and those of the profile. */
function rulesWith(local: string, profile: string | null, root: string): FoundRule[] {
  const texts = [
    { file: LOCAL_PATH, text: local, level: 0 as const },
    { file: PROFILE_PATH, text: profile ?? "", level: 1 as const },
  ].map((one) => ({ ...one, text: new TextDecoder().decode(encodeLatin1(one.text)) }));
  return allRulesIn(texts, (path) => readTexts(root, path)).rules;
}

/**
 * Says whether somebody has written a rule for the program already, which lets it leave the
 * profile. Another one beside it could keep the parser from taking the profile at all.
 *
 * @throws Failure `config_error` if that rule is no good
 */
function isThere({ program }: Need, others: readonly FoundRule[]): boolean {
  const decisive = program === null ? [] : decisiveFor(others, program);
  if (program === null || decisive.length === 0) return false;
  const execution = executionOf(decisive, program);
  if (execution === "leaves" || execution === "needs-profile") return true;
  const bad = decisive.find(({ isDenied }) => isDenied) ?? decisive.at(-1)!;
  const what = {
    denied: "forbids OpenVPN to run",
    stays: "keeps within OpenVPN's own profile",
    conflict: "contradicts another one for",
  }[execution];
  throw new Failure(
    "config_error",
    `the rule in ${placeOf(bad)} ${what} ${quoted(program)}, and AppArmor takes no other one ` +
      "beside it: remove it, then run setup again",
  );
}

/** Such as `FILE:LINE (PUx)`. */
function placeOf({ file, line, permissions }: FoundRule): string {
  return `${file}:${line} (${permissions})`;
}

/** Setup's rules for other servers may have been written before the administrator's own. */
function contradictionOf(
  { program }: Need,
  others: readonly FoundRule[],
  all: readonly FoundRule[],
): string[] {
  if (program === null || executionOf(all, program) !== "conflict") return [];
  const [own] = decisiveFor(others, program);
  return [
    `for another server, ${LOCAL_PATH} has a rule of setup's for ${program}, which AppArmor does ` +
    `not take beside ${own === undefined ? "others" : `the one in ${placeOf(own)}`}: run setup ` +
    "for that server, too, before AppArmor loads the profile again",
  ];
}

function notesOn(profile: string | null): string[] {
  if (profile === null) {
    return [`there is no ${PROFILE_PATH}, so AppArmor's rules have no effect yet`];
  }
  if (includesIn({ text: profile, level: 1 }).includes(LOCAL_PATH)) return [];
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
    `${quoted(path)} is not an AppArmor file (it contains a NUL character): move it away, then ` +
      "run setup again",
  );
}
