import { readCode } from "../../core/code.ts";
import { readSetting, SETTINGS } from "../../settings.ts";
import type { AdminContext } from "../context.ts";
import type { UserToEnrol } from "./enrolment.ts";
import { findCode, toldDeviation } from "./found_code.ts";
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
  for (;;) {
    const text = askLine(context, QUESTION, INSTEAD);
    const code = readCode(text);
    const { digits } = user.parameters;
    if (code?.kind !== "digits" || code.text.length !== digits) {
      context.err(`That is not a code: a code has ${digits} digits.\n`);
      continue;
    }
    const found = await findCode(code.text, user, context.now());
    if (found === null) {
      context.err(
        "Wrong: this secret has no such code. Was the code read from the new entry in the app?\n",
      );
    } else if (Math.abs(found.stepsOff) > driftSteps) {
      context.err(
        `The code ${toldDeviation(found, user.parameters)}. ` +
          "Logins would be refused: let the phone set its time automatically, and type a new code.\n",
      );
    } else return;
  }
}
