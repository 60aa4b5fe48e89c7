import { basename } from "node:path/posix";
import { decisiveFor, denialOf, executionOf, rulesAbout } from "../apparmor/file_rules.ts";
import { LOCAL_PATH } from "../apparmor/names.ts";
import { type Need, unmetBy } from "../apparmor/needs.ts";
import type { FoundRule } from "../apparmor/profile_text.ts";
import { lastAbout } from "./apparmor_denials.ts";
import type { Profile } from "./apparmor_facts.ts";
import { type Finding, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";
import { setupCommand } from "./setup_command.ts";

const ID = "apparmor";

/** What it comes to if AppArmor refuses what logins need. */
export const EVERY_LOGIN = "every login is refused";

const WHY_KEPT = `it cannot check passwords or use its database, and ${EVERY_LOGIN}`;

const ENFORCED = { tell: problem, when: "" };

const WEIGHTS = new Map<string | null, { tell: typeof problem; when: string }>([
  [null, { tell: warning, when: "if the profile is loaded, which only root can see, " }],
  ["absent", { tell: warning, when: "the profile is not loaded now; once it is, " }],
  ["complain", { tell: warning, when: "now it is only written to the log; once enforced, " }],
]);

/**
 * How bad a refusal is, and when it happens.
 *
 * @param mode the profile's, or `absent`; null if the kernel does not say
 */
export function weightOf(mode: string | null) {
  return WEIGHTS.get(mode) ?? ENFORCED;
}

/** What a profile's rules do not allow of what logins need. */
export function refusals(setUp: SetUp, { rules }: Profile, mode: string | null): Finding[] {
  return unmetBy(rules, setUp.apparmor!.needs).flatMap((need) => {
    const { program } = need;
    const execution = program === null ? null : executionOf(rules, program);
    if (execution === "conflict") return contradiction(program!, rules);
    const place = { setUp, rules, mode };
    return execution === "needs-profile"
      ? withoutProfile(need, place)
      : refusal(need, place, execution === "stays");
  });
}

/** Where something is refused. */
interface Place {
  setUp: SetUp;
  rules: readonly FoundRule[];
  mode: string | null;
}

/** @param isKept the program is executed, but within OpenVPN's profile */
function refusal(need: Need, { setUp, rules, mode }: Place, isKept: boolean): Finding {
  const { program, act, path } = need;
  const what = isKept
    ? `AppArmor keeps ${program} within OpenVPN's profile`
    : `AppArmor does not let OpenVPN ${act}`;
  const last = lastAbout(setUp.apparmor!.denials, need);
  const told = last === null ? "" : `; the log says so, last at ${last}`;
  const { tell, when } = weightOf(mode);
  const why = `${when}${isKept ? WHY_KEPT : EVERY_LOGIN}${told}`;
  const denying = denialOf(rules, program === null ? ["r", "w"] : ["x"], path);
  if (denying !== undefined) return tell(ID, what, `${why}: remove ${denialIn(denying)}`);
  const { where, ...advice } = adviceOn(need, rules, setUp);
  return tell(ID, what, `${why} (${where})`, advice);
}

/** By such a rule, AppArmor refuses to run a program that has no profile of its own. */
function withoutProfile(need: Need, { setUp, rules, mode }: Place): Finding[] {
  const program = need.program!;
  const [rule] = [...decisiveFor(rules, program), ...rulesAbout(rules, "x", program)];
  const { target, permissions, file, line } = rule!;
  const { loaded } = setUp.apparmor!;
  const names = target === "" ? [program, basename(program)] : [target];
  if (names.some((name) => loaded?.has(name))) return [];
  const listed = loaded === null ? "" : `, and the kernel lists none named ${names.join(" or ")}`;
  const { where, ...advice } = adviceOn(need, rules, setUp);
  const what = `AppArmor lets OpenVPN run ${program} only in a profile of the program's own (` +
    `${permissions} in ${file}:${line})`;
  const why = `${weightOf(mode).when}${EVERY_LOGIN} without one${listed} (${where})`;
  return [warning(ID, what, why, advice)];
}

/** The parser takes no second rule beside one for the program's path. */
function adviceOn(
  { rule: line, program }: Need,
  rules: readonly FoundRule[],
  setUp: SetUp,
) {
  const [at] = program === null ? [] : decisiveFor(rules, program);
  if (at !== undefined) return { where: "the line takes the place of the rule there", line, at };
  return { where: `the line belongs in ${LOCAL_PATH}`, line, command: setupCommand(setUp) };
}

function denialIn({ file, line, pattern }: FoundRule): string {
  return `"deny ${pattern}" in ${file}:${line}, which overrides every other rule`;
}

/** A profile that cannot be loaded is no profile after the next start of the system. */
function contradiction(program: string, rules: readonly FoundRule[]): Finding {
  const MOST_NAMED = 10;
  const about = rulesAbout(rules, "x", program);
  const ways = about.slice(0, MOST_NAMED)
    .map(({ permissions, file, line }) => `${permissions} in ${file}:${line}`);
  const more = about.length - ways.length;
  if (more > 0) ways.push(`${more} more`);
  return problem(
    ID,
    `AppArmor's rules for ${program} contradict each other (${ways.join(", ")})`,
    "AppArmor does not load a profile with both, and OpenVPN may run without any: keep only one, " +
      "such as PUx",
  );
}
