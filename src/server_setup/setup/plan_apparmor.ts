import { Failure, isSystemError } from "../../core/failure.ts";
import { isFile } from "../../system/present_files.ts";
import { bytesOf, decodeLatin1, encodeLatin1 } from "../../text/latin1.ts";
import { messageOf } from "../../text/message_of.ts";
import { quoted } from "../../text/printable.ts";
import { withoutOurRules, withRules } from "../apparmor/local_text.ts";
import { LOCAL_PATH, PROFILE_PATH, RELOAD } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import { allRulesIn, type FoundRule, fromOpenvpns, includesIn } from "../apparmor/profile_text.ts";
import { readTexts } from "../apparmor/read_texts.ts";
import { contradictions, isThere, noteOnProfile } from "./apparmor_others.ts";
import { type FileChange, type FilePlace, originalAt } from "./file_change.ts";
import type { Original } from "./replace_file.ts";

/** What becomes of AppArmor's rules. */
export interface ApparmorPlan {
  /** Null if they stay as they are. */
  change: FileChange | null;
  /** The command that puts them into force; null where there is nothing to put into force. */
  command: string | null;
  /** In words, what else is to be known. */
  notes: readonly string[];
}

/** Whose rules are planned, and where. */
export interface ApparmorPlace extends FilePlace {
  /** The path of the server's configuration. */
  config: string;
}

/**
 * Says whether this system has a profile for OpenVPN.
 *
 * @throws Failure `config_error`, `untrusted_path`, `input_error` if it cannot be read
 */
export function hasProfile(place: FilePlace): boolean {
  return rulesFileAt(PROFILE_PATH, place) !== null;
}

/**
 * Plans the rules for one server in the file that OpenVPN's profile includes; everything else in it
 * stays.
 *
 * @throws Failure `config_error` where a rule that is there is at odds with them, `untrusted_path`,
 *   `input_error`
 */
export function planApparmor(needs: readonly Need[], place: ApparmorPlace): ApparmorPlan {
  const { root } = place;
  const original = rulesFileAt(LOCAL_PATH, place);
  const text = textOf(rulesFileAt(PROFILE_PATH, place));
  const profile = text === null ? null : fromOpenvpns(text);
  const now = textOf(original) ?? "";
  requireText(root + LOCAL_PATH, now);
  const others = rulesWith(withoutOurRules(now), profile, root);
  const missing = needs.filter((need) => !isThere(need, others));
  const next = withRules(now, place.config, missing.map(({ rule }) => bytesOf(rule)));
  const change = changeTo(next, original, root);
  const after = { local: decoded(next), all: rulesWith(next, profile, root) };
  const notes = needs.flatMap((need) => [
    ...noteOnProfile(need, others),
    ...contradictions(need, others, after),
  ]);
  const command = reloadFor(change, profile !== null);
  return { change, command, notes: [...notesOn(profile), ...notes] };
}

/**
 * Plans that the rules for one server go, without a look at the profile. Where that is not possible,
 * they stay, and a note says why.
 */
export function planWithoutApparmor(place: ApparmorPlace): ApparmorPlan {
  const { root } = place;
  try {
    const original = rulesFileAt(LOCAL_PATH, place);
    const next = withRules(textOf(original) ?? "", place.config, []);
    const change = changeTo(next, original, root);
    return { change, command: reloadFor(change, isFile(root + PROFILE_PATH)), notes: [] };
  } catch (error) {
    if (!(error instanceof Failure) && !isSystemError(error)) throw error;
    const note = `AppArmor's rules stay as they are: ${messageOf(error)}`;
    return { change: null, command: null, notes: [note] };
  }
}

function reloadFor(change: FileChange | null, hasProfile: boolean): string | null {
  return change !== null && hasProfile ? RELOAD : null;
}

/** Null if nothing changes. */
function changeTo(next: string, original: Original | null, root: string): FileChange | null {
  if (next === (textOf(original) ?? "")) return null;
  const content = encodeLatin1(next);
  return { path: root + LOCAL_PATH, content, original, keepsCopy: original !== null };
}

function rulesFileAt(path: string, place: FilePlace): Original | null {
  return originalAt(path, place, "move it away, then run setup again");
}

/** All that counts if a text is in the local file: its rules, and those of the profile. */
function rulesWith(local: string, profile: string | null, root: string): FoundRule[] {
  const texts = [
    { file: LOCAL_PATH, text: decoded(local), level: 0 as const },
    { file: PROFILE_PATH, text: decoded(profile ?? ""), level: 1 as const },
  ];
  return allRulesIn(texts, (path) => readTexts(root, path)).rules;
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

/** What the bytes of a text stand for. */
function decoded(text: string): string {
  return new TextDecoder().decode(encodeLatin1(text));
}

function requireText(path: string, text: string): void {
  if (!text.includes("\0")) return;
  throw new Failure(
    "config_error",
    `${quoted(path)} is not an AppArmor file (it contains a NUL character): move it away, then ` +
      "run setup again",
  );
}
