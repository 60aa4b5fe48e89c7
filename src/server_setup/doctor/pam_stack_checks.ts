import { PAM_DIRECTORIES } from "../../pam/choose_pam_service.ts";
import { actionFor } from "../pam_stack/control.ts";
import { grantingEntry } from "../pam_stack/granting_entry.ts";
import { asksForCode, resultsIfRight, resultsIfWrong } from "../pam_stack/module_results.ts";
import type { PamStack, RuleType, StackEntry } from "../pam_stack/read_pam_stack.ts";
import { counted } from "../../text/counted.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { PamStackFacts, SetUp } from "./set_up.ts";

const OWN_SERVICE =
  'give OpenVPN a PAM service of its own (docs/doctor.md, "A PAM service of its own")';

/** Whether PAM's rules refuse wrong passwords and let right ones in, as far as the rules tell. */
export function checkPamStack({ pamStack }: SetUp): Finding[] {
  if (pamStack === null) return [];
  const codes = checkCodes(pamStack);
  const isRefusedByCodes = codes.some(({ level }) => level === "problem");
  return [...codes, ...checkRules(pamStack, isRefusedByCodes)];
}

/** Modules that a second factor of the past has left behind. */
function checkCodes({ service, auth: { entries }, isGivenPasswordOnly }: PamStackFacts): Finding[] {
  if (!isGivenPasswordOnly) return [];
  const found = entries.filter(asksForCode).map((entry) => checkCode(entry, entries, service));
  if (found.length > 0) return found;
  return [ok("pam_codes", `no module of the PAM service ${service} asks for another code`)];
}

function checkCode(at: StackEntry, entries: readonly StackEntry[], service: string): Finding {
  const what = `${at.module} in the PAM service ${service} asks for another code`;
  const remedy = remedyFor(at, service);
  if (actionFor(at.control, "auth_err") !== "ignore") {
    const why = "it is given the password in place of its code, and refuses right passwords, too: ";
    return problem("pam_codes", what, why + remedy, { at });
  }
  const withCode = (entry: StackEntry) => entry === at ? ["success"] : resultsIfWrong(entry);
  return grantingEntry(entries, withCode) === null
    ? warning("pam_codes", what, `it is given the password in place of its code: ${remedy}`, { at })
    : problem("pam_codes", what, `anyone who has its code needs no password: ${remedy}`, { at });
}

/** Other services may need the module, so its line is only to be removed from our own file. */
function remedyFor({ file }: StackEntry, service: string): string {
  const isOwn = service.startsWith("openvpn") &&
    PAM_DIRECTORIES.some((directory) => file === `${directory}/${service}`);
  return isOwn
    ? "remove the line, since openvpn-totp checks codes itself"
    : `leave the line to the other services that use ${file}, and ${OWN_SERVICE}`;
}

/** Whether the rules refuse wrong passwords, and not right ones. */
function checkRules(facts: PamStackFacts, isRefusedByCodes: boolean): Finding[] {
  const { service, auth, account } = facts;
  const trouble = auth.trouble ?? account.trouble;
  if (trouble !== null) {
    const why = "libpam refuses every password if it cannot carry out a rule: correct the rule";
    return [
      problem("pam_stack", `PAM service ${service}: ${trouble.message}`, why, { at: trouble }),
    ];
  }
  const found = [
    ...checkPresence(service, "auth", auth),
    ...checkPresence(service, "account", account),
    ...checkGranting(facts),
    ...checkEmpty(facts),
    ...isRefusedByCodes ? [] : checkRefusing(facts),
  ];
  return found.length > 0
    ? found
    : [ok("pam_stack", `the rules of the PAM service ${service} refuse wrong passwords`)];
}

function checkPresence(service: string, type: RuleType, { entries }: PamStack): Finding[] {
  if (entries.length > 0) return [];
  const why =
    'libpam uses those of the service "other" instead, which are not meant for a VPN: add a rule, or ' +
    OWN_SERVICE;
  return [problem("pam_stack", `the PAM service ${service} has no ${type} rules`, why)];
}

function checkGranting({ service, auth: { entries } }: PamStackFacts): Finding[] {
  const at = grantingEntry(entries, resultsIfWrong);
  if (at === null) return [];
  return [problem(
    "pam_stack",
    `the PAM service ${service} can let a user in with any password, because ${at.module} alone decides`,
    `the code is then the only factor: ${OWN_SERVICE}`,
    { at },
  )];
}

function checkEmpty({ service, withoutPassword }: PamStackFacts): Finding[] {
  const [name, ...others] = withoutPassword;
  if (name === undefined) return [];
  const more = others.length === 0 ? "" : ` and ${counted(others.length, "other account")}`;
  return [problem(
    "pam_stack",
    `the PAM service ${service} has nullok, and ${name}${more} may log in without a password`,
    "the code is then the only factor: remove nullok, or give the account a password (passwd)",
  )];
}

function checkRefusing({ service, auth: { entries } }: PamStackFacts): Finding[] {
  if (entries.length === 0 || grantingEntry(entries, resultsIfRight) !== null) return [];
  const why = `right passwords are refused, too: ${OWN_SERVICE}, or set totpPamService`;
  return [problem("pam_stack", `the PAM service ${service} refuses every password`, why)];
}
