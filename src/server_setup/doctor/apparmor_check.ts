import { PROFILE_PATH } from "../apparmor/names.ts";
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
  if (profile === null) return [checkWithoutProfile(facts)];
  const mode = facts.loaded === null ? null : facts.loaded.get(profile.name) ?? "absent";
  if (openvpn !== null && !mayConfine(profile, openvpn.path, mode)) {
    return [ok(ID, `the profile in ${PROFILE_PATH} is not for ${openvpn.path}`)];
  }
  if (mode === "unconfined") return [unconfined()];
  if (trouble !== null) return [warning(ID, trouble, "OpenVPN may not be allowed to use it")];
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

/** Another file may have a profile for OpenVPN, by either of these names. */
function checkWithoutProfile({ loaded, needs, hasFile }: ApparmorFacts): Finding {
  const name = ["openvpn", "/usr/sbin/openvpn"].find((one) => loaded?.has(one));
  const mode = name === undefined ? null : loaded!.get(name)!;
  if (mode === "unconfined") return unconfined();
  if (mode === null && !hasFile) return noProfile(loaded === null);
  const file = hasFile
    ? `no profile can be read in ${PROFILE_PATH}`
    : `there is no ${PROFILE_PATH}`;
  const what = mode === null
    ? file
    : `AppArmor's profile ${name} (${mode}) is for OpenVPN, and ${file}`;
  const first = mode === "complain" ? "before you enforce it, " : "";
  const rules = needs.map(({ rule }) => rule).join(" ");
  return warning(
    ID,
    what,
    `${first}add whichever of these rules are missing to the file of OpenVPN's profile: ${rules}`,
  );
}

function noProfile(isHidden: boolean): Finding {
  const what = isHidden
    ? `there is no ${PROFILE_PATH}; whether another file has a profile for OpenVPN, only root can see`
    : "AppArmor has no profile for OpenVPN";
  return ok(ID, what);
}
