import { readCode } from "../../core/code.ts";
import type { TotpParameters } from "../../core/totp_parameters.ts";
import { readSetting, SETTINGS } from "../../settings.ts";
import type { AdminContext } from "../context.ts";
import type { UserToEnrol } from "./enrolment.ts";
import { examineCode, type ExaminedCode, toldDeviation } from "./examine_code.ts";
import { ignoredParameters, type ParameterName, toldIgnored } from "./ignored_parameters.ts";
import { askLine, requireTerminal } from "../terminal/question.ts";

const QUESTION = "Code shown in the app (Ctrl-C cancels the enrolment)";
const INSTEAD = "enroll without --confirm, then: openvpn-totp verify USER";

/**
 * Makes sure that somebody can be asked for a code, before anything is shown.
 *
 * @throws Failure `usage`
 */
export function requireConfirmable(context: AdminContext): void {
  requireTerminal(context, QUESTION, INSTEAD);
}

/**
 * `enroll --confirm`: asks for a first code until it is right. The code isn't used up: the first
 * login accepts it, too.
 *
 * @throws Failure `usage` where nobody can be asked, `cancelled` at the end of input
 */
export async function confirmEnrolment(context: AdminContext, user: UserToEnrol): Promise<void> {
  const driftSteps = readSetting(SETTINGS.driftSteps, context.read);
  const examined = { ...user, lastTimeStep: null, hasRecoveryCode: () => Promise.resolve(false) };
  for (;;) {
    const code = readCode(askLine(context, QUESTION, INSTEAD));
    const now = context.now();
    const found = await examineCode(
      code?.text.length === user.parameters.digits ? code : null,
      examined,
      { now, driftSteps },
    );
    if (found.judgement.kind === "right") return;
    const isWrong = ["wrong", "malformed"].includes(found.judgement.kind);
    const ignored = isWrong ? await ignoredParameters(code, user, now) : [];
    context.err(`${complaint(found, ignored, user.parameters)}\n`);
  }
}

/** What is wrong with a code, and what to do. */
function complaint(
  { judgement, stepsOff }: ExaminedCode,
  ignored: readonly ParameterName[],
  parameters: TotpParameters,
): string {
  if (ignored.length > 0) {
    return `The app ${toldIgnored(ignored, parameters)}, so no login would accept its codes: ` +
      "use another app, or press Ctrl-C and enrol the user with the default codes.";
  }
  switch (judgement.kind) {
    case "malformed":
      return `That is not a code: a code has ${parameters.digits} digits.`;
    case "clock_off":
      return `The code ${toldDeviation(stepsOff ?? 0, parameters)}. ` +
        "Logins would be refused: let the phone set its time automatically, and type a new code.";
    default:
      return "Wrong: this secret has no such code. Was the code read from the new entry in the app?";
  }
}
