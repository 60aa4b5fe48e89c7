import { readCode } from "../../core/code.ts";
import { readSetting, SETTINGS } from "../../settings.ts";
import type { AdminContext } from "../context.ts";
import type { UserToEnrol } from "./enrolment.ts";
import { examineCode, toldDeviation } from "./examine_code.ts";
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
    const { judgement, stepsOff } = await examineCode(
      code?.text.length === user.parameters.digits ? code : null,
      examined,
      { now: context.now(), driftSteps },
    );
    switch (judgement.kind) {
      case "right":
        return;
      case "malformed":
        context.err(`That is not a code: a code has ${user.parameters.digits} digits.\n`);
        break;
      case "clock_off":
        context.err(
          `The code ${toldDeviation(stepsOff ?? 0, user.parameters)}. ` +
            "Logins would be refused: let the phone set its time automatically, and type a new code.\n",
        );
        break;
      default:
        context.err(
          "Wrong: this secret has no such code. Was the code read from the new entry in the app?\n",
        );
    }
  }
}
