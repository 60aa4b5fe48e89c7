import { checkFactors } from "./factor_checks.ts";
import type { Finding, FindingId } from "./finding.ts";
import { checkMachine } from "./machine_checks.ts";
import { checkOutputs } from "./output_checks.ts";
import { checkScripts } from "./script_checks.ts";
import { checkSession } from "./session_checks.ts";
import type { SetUp } from "./set_up.ts";
import { checkSettings } from "./setting_checks.ts";
import { checkUnit } from "./unit_checks.ts";

/** What can be said where OpenVPN can't read its configuration to the end. */
const WITHOUT_CONFIG: readonly FindingId[] = [
  "config",
  "openvpn_version",
  "clock",
];

/** Looks at all that makes logins fail. */
export function checkAll(setUp: SetUp): Finding[] {
  const findings = [
    checkScripts,
    checkFactors,
    checkSession,
    checkSettings,
    checkOutputs,
    checkUnit,
    checkMachine,
  ].flatMap((check) => check(setUp));
  return setUp.config.error === null
    ? findings
    : findings.filter(({ id }) => WITHOUT_CONFIG.includes(id));
}
