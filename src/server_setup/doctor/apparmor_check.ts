import { counted } from "../../text/counted.ts";
import { quoted } from "../../text/printable.ts";
import type { Denial } from "../apparmor/denials.ts";
import { executionOf } from "../apparmor/file_rules.ts";
import { LOCAL_PATH, PROFILE_PATH, RELOAD } from "../apparmor/names.ts";
import { type Need, unmetBy } from "../apparmor/needs.ts";
import { confines } from "../apparmor/profile_text.ts";
import type { ApparmorFacts } from "./apparmor_facts.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

const ID = "apparmor";

/** Whether AppArmor lets OpenVPN do what logins need. */
export function checkApparmor(setUp: SetUp): Finding[] {
  const { apparmor: facts, openvpn } = setUp;
  if (facts === null) return [ok(ID, "the kernel does not use AppArmor")];
  const { profile, needs, trouble } = facts;
  if (profile === null) return [checkWithoutFile(facts)];
  if (openvpn !== null && !confines(profile, openvpn.path)) {
    return [ok(ID, `the profile in ${PROFILE_PATH} is not for ${openvpn.path}`)];
  }
  const mode = facts.loaded === null ? null : facts.loaded.get(profile.name) ?? "absent";
  if (mode === "unconfined") return [ok(ID, "AppArmor's profile leaves OpenVPN unconfined")];
  if (trouble !== null) return [warning(ID, trouble, "OpenVPN may not be allowed to use it")];
  const unmet = unmetBy(profile.rules, needs);
  return unmet.length === 0
    ? [checkDenials(facts)]
    : unmet.map((need) => refusal(need, mode, setUp, facts));
}

/** Another file may have a profile for OpenVPN, by either of these names. */
function checkWithoutFile({ loaded, needs }: ApparmorFacts): Finding {
  const name = ["openvpn", "/usr/sbin/openvpn"].find((one) => loaded?.has(one));
  if (name === undefined) return ok(ID, "AppArmor has no profile for OpenVPN");
  return warning(
    ID,
    `AppArmor confines OpenVPN by the profile ${name}, and there is no ${PROFILE_PATH}`,
    `add to its own file what is missing of these: ${needs.map(({ rule }) => rule).join(" ")}`,
  );
}

/** What is lacking, and how bad that is: `mode` is null if the kernel does not say. */
function refusal(
  need: Need,
  mode: string | null,
  { configPath, serviceSettings }: SetUp,
  { profile, denials }: ApparmorFacts,
): Finding {
  const { program, act, rule } = need;
  const isKept = program !== null && executionOf(profile!.rules, program) === "stays";
  const what = isKept
    ? `AppArmor keeps ${program} within OpenVPN's profile`
    : `AppArmor does not let OpenVPN ${act}`;
  const last = denials.findLast((denial) => isAbout(denial, need));
  const told = last === undefined ? "" : `; the log says so, last at ${timeOf(last)}`;
  const setup = serviceSettings === null ? "setup" : "setup --serve";
  const advice = { line: rule, command: `openvpn-totp ${setup} --config ${configPath}` };
  const { tell, when } = WEIGHTS.get(mode) ?? ENFORCED;
  const why = `${when}${isKept ? WHY_KEPT : WHY}${told} (the line belongs into ${LOCAL_PATH})`;
  return tell(ID, what, why, advice);
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
    "the rules are right in their files, but the kernel may still have the ones before",
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
