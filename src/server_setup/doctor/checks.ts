import { checkApparmor } from "./apparmor_check.ts";
import { checkCommonName } from "./common_name_check.ts";
import { checkFactors } from "./factor_checks.ts";
import type { Finding } from "./finding.ts";
import type { FindingId } from "./finding_ids.ts";
import { checkGuessing } from "./guessing_check.ts";
import { checkHooks } from "./hook_checks.ts";
import { checkManagement } from "./management_checks.ts";
import { checkMachine } from "./machine_checks.ts";
import { checkOpenvpn } from "./openvpn_checks.ts";
import { checkOtherOptions } from "./option_checks.ts";
import { checkOutputs } from "./output_checks.ts";
import { checkPamStack } from "./pam_stack_checks.ts";
import { checkSelinux } from "./selinux_check.ts";
import { checkService } from "./service_checks.ts";
import { checkSession } from "./session_checks.ts";
import type { LineFacts, SetUp } from "./set_up.ts";
import { checkSettings } from "./setting_checks.ts";
import { checkUnit } from "./unit_checks.ts";

/** What can still be checked if OpenVPN cannot read its configuration to the end. */
const WITHOUT_CONFIG: readonly FindingId[] = ["config", "openvpn_version", "clock"];

/** Checks everything that can make logins fail. */
export function checkAll(setUp: SetUp): Finding[] {
  const found = [
    checkOpenvpn,
    checkHooks,
    checkLines,
    checkGuessing,
    checkService,
    checkMachine,
    checkPamStack,
    checkApparmor,
    checkSelinux,
  ].flatMap((check) => check(setUp));
  const findings = forMode(found, setUp);
  return setUp.config.error === null
    ? findings
    : findings.filter(({ id }) => WITHOUT_CONFIG.includes(id));
}

/** Checks what the configuration and the unit say about logins, beside the program's own lines. */
export function checkLines(facts: LineFacts): Finding[] {
  const found = [
    checkManagement,
    checkFactors,
    checkCommonName,
    checkOtherOptions,
    checkSession,
    checkSettings,
    checkOutputs,
    checkUnit,
  ].flatMap((check) => check(facts));
  return forMode(found, facts);
}

/** The lines that a finding advises, as the service's settings' file has them. */
function forMode(
  findings: readonly Finding[],
  { serviceSettings }: Pick<LineFacts, "serviceSettings">,
): Finding[] {
  if (serviceSettings === null) return [...findings];
  return findings.map((finding) => ({
    ...finding,
    line: finding.line?.replace(/^setenv (?=totp)/, "") ?? null,
  }));
}
