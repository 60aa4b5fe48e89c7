import { counted } from "../../text/counted.ts";
import { quoted } from "../../text/printable.ts";
import type { Denial } from "../apparmor/denials.ts";
import { denialOf, executionOf, rulesAbout } from "../apparmor/file_rules.ts";
import { LOCAL_PATH, PROFILE_PATH, RELOAD } from "../apparmor/names.ts";
import { type Need, unmetBy } from "../apparmor/needs.ts";
import { confines, type FoundRule } from "../apparmor/profile_text.ts";
import { isOn, lastOf } from "../systemd/unit_file.ts";
import type { ApparmorFacts, Profile } from "./apparmor_facts.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

const ID = "apparmor";

/** Whether AppArmor lets OpenVPN do what logins need. */
export function checkApparmor(setUp: SetUp): Finding[] {
  const { apparmor: facts, openvpn } = setUp;
  if (facts === null) return [ok(ID, "the kernel does not use AppArmor")];
  const { profile, needs, trouble } = facts;
  if (profile === null) return [checkWithoutFile(facts)];
  const mode = facts.loaded === null ? null : facts.loaded.get(profile.name) ?? "absent";
  if (openvpn !== null && !mayConfine(profile, openvpn.path, mode)) {
    return [ok(ID, `the profile in ${PROFILE_PATH} is not for ${openvpn.path}`)];
  }
  if (mode === "unconfined") return [ok(ID, "AppArmor's profile leaves OpenVPN unconfined")];
  if (trouble !== null) return [warning(ID, trouble, "OpenVPN may not be allowed to use it")];
  const found = [
    ...unmetBy(profile.rules, needs).map((need) => refusal(need, mode, setUp, profile)),
    ...checkPrivileges(setUp, needs, mode),
  ];
  return found.length === 0 ? [checkDenials(facts)] : found;
}

/** A profile that does not tell, as far as its file shows, is taken for one that does. */
function mayConfine({ attachments }: Profile, program: string, mode: string | null): boolean {
  return confines(attachments, program) ?? mode !== "absent";
}

/** The kernel takes leaving a profile for a gain of privileges. */
function checkPrivileges(
  { unit }: SetUp,
  needs: readonly Need[],
  mode: string | null,
): Finding[] {
  const at = unit !== null && isOn(unit, "NoNewPrivileges")
    ? lastOf(unit, "NoNewPrivileges")
    : null;
  if (at === null || needs.every(({ program }) => program === null)) return [];
  const { tell, when } = WEIGHTS.get(mode) ?? ENFORCED;
  const what = `${at.key}=${at.value} in the unit keeps programs within OpenVPN's profile`;
  const why = `${when}AppArmor then refuses to run the program, whatever its rules say, and ${WHY}`;
  return [tell(ID, what, why, { line: "NoNewPrivileges=no", at })];
}

/** Another file may have a profile for OpenVPN, by either of these names. */
function checkWithoutFile({ loaded, needs }: ApparmorFacts): Finding {
  const name = ["openvpn", "/usr/sbin/openvpn"].find((one) => loaded?.has(one));
  if (name === undefined) return ok(ID, "AppArmor has no profile for OpenVPN");
  return warning(
    ID,
    `AppArmor confines OpenVPN by the profile ${name}, and there is no ${PROFILE_PATH}`,
    `add whichever of these rules are missing to that profile's file: ${
      needs.map(({ rule }) => rule).join(" ")
    }`,
  );
}

/** What is lacking, and how bad that is: `mode` is null if the kernel does not say. */
function refusal(need: Need, mode: string | null, setUp: SetUp, { rules }: Profile): Finding {
  const { program, act, path } = need;
  const execution = program === null ? null : executionOf(rules, program);
  if (execution === "conflict") return contradiction(program!, rules);
  const isKept = execution === "stays";
  const what = isKept
    ? `AppArmor keeps ${program} within OpenVPN's profile`
    : `AppArmor does not let OpenVPN ${act}`;
  const last = setUp.apparmor!.denials.findLast((denial) => isAbout(denial, need));
  const told = last === undefined ? "" : `; the log says so, last at ${timeOf(last)}`;
  const { tell, when } = WEIGHTS.get(mode) ?? ENFORCED;
  const why = `${when}${isKept ? WHY_KEPT : WHY}${told}`;
  const denying = denialOf(rules, program === null ? ["r", "w"] : ["x"], path);
  if (denying !== undefined) return tell(ID, what, `${why}: remove ${denialIn(denying)}`);
  return tell(ID, what, `${why} (the line belongs in ${LOCAL_PATH})`, adviceOn(need, setUp));
}

function adviceOn({ rule }: Need, { serviceSettings, configPath }: SetUp) {
  const setup = serviceSettings === null ? "setup" : "setup --serve";
  return { line: rule, command: `openvpn-totp ${setup} --config ${configPath}` };
}

function denialIn({ file, line, pattern }: FoundRule): string {
  return `"deny ${pattern}" in ${file}:${line}, which overrides every other rule`;
}

/** A profile that cannot be loaded is no profile after the next start of the system. */
function contradiction(program: string, rules: readonly FoundRule[]): Finding {
  const ways = rulesAbout(rules, "x", program)
    .map(({ permissions, file, line }) => `${permissions} in ${file}:${line}`);
  return problem(
    ID,
    `AppArmor's rules for ${program} contradict each other (${ways.join(", ")})`,
    "AppArmor does not load a profile with both, and OpenVPN may run without any: keep only one, " +
      "such as PUx",
  );
}

const WHY = "every login is refused";
const WHY_KEPT = "it cannot check passwords or use its database, and every login is refused";

const ENFORCED = { tell: problem, when: "" };

const WEIGHTS = new Map<string | null, { tell: typeof problem; when: string }>([
  [null, { tell: warning, when: "if the profile is loaded, which only root can see, " }],
  ["absent", { tell: warning, when: "the profile is not loaded now; once it is, " }],
  ["complain", { tell: warning, when: "now it is only written to the log; once enforced, " }],
]);

/** The rules are there, in the files at least. */
function checkDenials({ denials, needs, loaded }: ApparmorFacts): Finding {
  const about = denials.filter((denial) => needs.some((need) => isAbout(denial, need)));
  const last = about.at(-1);
  if (last === undefined) {
    const note = loaded === null ? "" : `; after each change of them, run ${RELOAD}`;
    return ok(ID, `AppArmor's rules let OpenVPN do what logins need${note}`);
  }
  return warning(
    ID,
    `AppArmor has refused OpenVPN ${counted(about.length, "time")} since its rules were changed, ` +
      `last at ${timeOf(last)}: ${quoted(last.operation)} of ${quoted(last.name)}`,
    "the rules are right in their files, but the kernel may still be using the old rules",
    { command: RELOAD },
  );
}

/** Says whether a denial was of what is needed; OpenVPN's files have another name each time. */
function isAbout({ name }: Denial, { path, program }: Need): boolean {
  return name === path ||
    program === null && /\/openvpn_\w+\.tmp$/.test(path) && /\/openvpn_\w+\.tmp$/.test(name);
}

function timeOf({ second }: Denial): string {
  return new Date(second * 1000).toISOString().replace(".000", "");
}
