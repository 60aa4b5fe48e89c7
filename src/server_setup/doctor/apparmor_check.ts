import { isForOpenvpn, PROFILE_PATH } from "../apparmor/names.ts";
import type { Need } from "../apparmor/needs.ts";
import { confines } from "../apparmor/profile_text.ts";
import { isOn, lastOf } from "../systemd/unit_file.ts";
import { checkDenials } from "./apparmor_denials.ts";
import type { ApparmorFacts, Profile } from "./apparmor_facts.ts";
import { EVERY_LOGIN, refusals, weightOf } from "./apparmor_refusals.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { SetUp } from "./set_up.ts";

const ID = "apparmor";

/** Whether AppArmor lets OpenVPN do what logins need. */
export function checkApparmor(setUp: SetUp): Finding[] {
  const { apparmor: facts, openvpn } = setUp;
  if (facts === null) return [ok(ID, "the kernel does not use AppArmor")];
  const { profile, needs, trouble } = facts;
  const named = profileOf(setUp.unit);
  if (profile === null || named !== null && named !== profile.name) {
    return [checkOtherProfile(facts, named, null)];
  }
  const mode = facts.loaded === null ? null : facts.loaded.get(profile.name) ?? "absent";
  if (named === null && openvpn !== null && !mayConfine(profile, openvpn.path, mode)) {
    return [checkOtherProfile(facts, null, openvpn.path)];
  }
  if (mode === "unconfined") return [unconfined()];
  if (trouble !== null) return [warning(ID, trouble, "OpenVPN may be refused what logins need")];
  const found = [...refusals(setUp, profile, mode), ...checkPrivileges(setUp, needs, mode)];
  return found.length === 0 ? [checkDenials(facts)] : found;
}

function unconfined(): Finding {
  return ok(ID, "AppArmor's profile leaves OpenVPN unconfined");
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
  const { tell, when } = weightOf(mode);
  const what = `${at.key}=${at.value} in the unit keeps programs within OpenVPN's profile`;
  const why =
    `${when}AppArmor then refuses to run the program, whatever its rules say, and ${EVERY_LOGIN}`;
  return [tell(ID, what, why, { line: "NoNewPrivileges=no", at })];
}

/** The profile that a unit names; null for none. */
function profileOf(unit: SetUp["unit"]): string | null {
  const name = unit === null ? null : lastOf(unit, "AppArmorProfile");
  return name === null ? null : name.value.replace(/^-/, "");
}

/** Another profile may be OpenVPN's: the one that the unit names, or one from another file. */
function checkOtherProfile(
  facts: ApparmorFacts,
  named: string | null,
  program: string | null,
): Finding {
  const { loaded, profile } = facts;
  const listed = [...loaded?.keys() ?? []].filter((one) => one !== profile?.name);
  const name = named ?? listed.find(isForOpenvpn);
  if (name === undefined) return checkFile(facts, program);
  const mode = loaded === null ? "only root can see its mode" : loaded.get(name) ?? "not loaded";
  if (name === "unconfined" || mode === "unconfined") return unconfined();
  const what = `AppArmor's profile ${name} (${mode}) is for OpenVPN, and ${fileOf(facts)}`;
  return warning(ID, what, adviceOn(facts, mode === "complain" ? "before you enforce it, " : ""));
}

/** No profile but the usual file's can be OpenVPN's, and that one is not. */
function checkFile(facts: ApparmorFacts, program: string | null): Finding {
  if (facts.profile !== null) return ok(ID, `the profile in ${PROFILE_PATH} is not for ${program}`);
  if (!facts.hasFile) return noProfile(facts.loaded === null);
  return warning(ID, fileOf(facts), adviceOn(facts, ""));
}

function fileOf({ profile, hasFile }: ApparmorFacts): string {
  if (profile !== null) return `${PROFILE_PATH} has another one`;
  return hasFile ? `no profile can be read in ${PROFILE_PATH}` : `there is no ${PROFILE_PATH}`;
}

function adviceOn({ needs }: ApparmorFacts, first: string): string {
  const rules = needs.map(({ rule }) => rule).join(" ");
  return `${first}add whichever of these rules are missing to the file of OpenVPN's profile: ${rules}`;
}

function noProfile(isHidden: boolean): Finding {
  const what = isHidden
    ? `there is no ${PROFILE_PATH}; whether another file has a profile for OpenVPN, only root can see`
    : "AppArmor has no profile for OpenVPN";
  return ok(ID, what);
}
