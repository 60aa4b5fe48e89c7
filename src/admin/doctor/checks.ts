import { checkFactors } from "./factor_checks.ts";
import type { Finding } from "./finding.ts";
import { checkMachine } from "./machine_checks.ts";
import { checkOutputs } from "./output_checks.ts";
import { checkScripts } from "./script_checks.ts";
import { checkSession } from "./session_checks.ts";
import type { SetUp } from "./set_up.ts";
import { checkSettings } from "./setting_checks.ts";
import { checkUnit } from "./unit_checks.ts";

/** Looks at all that makes logins fail. */
export function checkAll(setUp: SetUp): Finding[] {
  return [
    checkScripts,
    checkFactors,
    checkSession,
    checkSettings,
    checkOutputs,
    checkUnit,
    checkMachine,
  ].flatMap((check) => check(setUp));
}
