import { Failure } from "../../core/failure.ts";
import { quoted } from "../../text/printable.ts";
import { decisiveFor, executionOf, fileRulesIn, rulesAbout } from "../apparmor/file_rules.ts";
import { serverOf } from "../apparmor/local_text.ts";
import { LOCAL_PATH } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import type { FoundRule } from "../apparmor/profile_text.ts";

/**
 * Says whether somebody has written a rule for the program already, which lets it leave the
 * profile. Another one beside it could keep the parser from taking the profile at all.
 *
 * @param others the rules that are not setup's
 * @throws Failure `config_error` if that rule is no good
 */
export function isThere({ program, rule }: Need, others: readonly FoundRule[]): boolean {
  if (program === null) return false;
  const decisive = decisiveFor(others, program);
  const beside = decisive.length === 0 ? fileRulesIn(rule) : [];
  const execution = executionOf([...others, ...beside], program);
  if (decisive.length === 0 && execution !== "conflict") return false;
  if (execution === "leaves" || execution === "needs-profile") return true;
  const bad = decisive.find(({ isDenied }) => isDenied) ?? decisive.at(-1) ??
    rulesAbout(others, "x", program).at(-1)!;
  const path = quoted(program);
  const fault = {
    denied: `forbids OpenVPN to run ${path}, which overrides every other rule`,
    stays: `keeps ${path} within OpenVPN's own profile, and AppArmor takes no other rule beside it`,
    conflict: `contradicts another one for ${path}, and AppArmor does not load a profile with both`,
  }[execution];
  throw new Failure(
    "config_error",
    `the rule in ${placeOf(bad)} ${fault}: remove it, then run setup again`,
  );
}

/** Such as `FILE:LINE (PUx)`. */
function placeOf({ file, line, permissions }: FoundRule): string {
  return `${file}:${line} (${permissions})`;
}

/** What is to be known of a program's rule that somebody has written. Only the kernel knows more. */
export function noteOnProfile({ program }: Need, others: readonly FoundRule[]): string[] {
  const [rule] = program === null ? [] : decisiveFor(others, program);
  if (rule === undefined || executionOf(others, program!) !== "needs-profile") return [];
  return [
    `the rule in ${placeOf(rule)} lets OpenVPN run ${program} only in a profile of the program's ` +
    "own: write PUx there unless you have such a profile, without which every login is refused",
  ];
}

/**
 * Setup's rules for other servers that AppArmor does not take beside one of somebody else's, which may
 * have been written later.
 *
 * @param local the local file's text as it is going to be, and all rules that count then
 */
export function contradictions(
  { program }: Need,
  others: readonly FoundRule[],
  { local, all }: { local: string; all: readonly FoundRule[] },
): string[] {
  if (program === null || executionOf(all, program) !== "conflict") return [];
  const [own] = decisiveFor(others, program);
  const beside = own === undefined ? "others" : `the one in ${placeOf(own)}`;
  const MOST_NAMED = 100;
  return decisiveFor(all, program).slice(0, MOST_NAMED).flatMap(({ file, line }) => {
    const config = file === LOCAL_PATH ? serverOf(local, line) : null;
    return config === null ? [] : [
      `${file}:${line} has setup's rule for the server of ${config}, which AppArmor does not take ` +
      `beside ${beside}: run setup for that server, too, before AppArmor loads the profile again ` +
      "(if there is no such server any more, remove its rules by hand)",
    ];
  });
}
