import type { EpochMs } from "../../../core/epoch.ts";
import { type Code, mayBeRecoveryCode, readCode } from "../../../core/code.ts";
import { lockEnd } from "../../../core/lockout.ts";
import type { Redacted } from "../../../text/redacted.ts";
import { markOfCode } from "../../../core/totp.ts";
import { readSetting, SETTINGS } from "../../../settings.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import type { EnrolmentStore } from "../../../store/store.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import { requireEnrolment } from "../../users/require_user.ts";
import { findCode, type FoundCode, toldDeviation } from "../../enrolment/found_code.ts";
import { readInputFile } from "../../input_file.ts";
import { askLine } from "../../terminal/question.ts";
import { instant, instantOrNull, json } from "../../terminal/text.ts";
import type { VerifyOptions } from "./options.ts";

/** What a code was found to be. */
type Finding =
  | { result: "right"; found: FoundCode }
  | { result: "used"; found: FoundCode }
  | { result: "clock_off"; found: FoundCode }
  | { result: "recovery_code"; mark: string }
  | { result: "wrong" }
  | { result: "malformed" };

/** More bytes than any code has. */
const MAX_CODE_BYTES = 256;

/**
 * `verify USER`: asks for a code, and explains whether a login would accept it. Nothing is changed
 * unless the code is to be used up. The exit status is 1 where a login would be refused.
 *
 * @throws Failure `usage` where nobody can be asked and `--code-from` isn't given
 */
export async function verify(
  context: AdminContext,
  username: string,
  options: VerifyOptions,
): Promise<void> {
  await withStore(context, { create: false }, async (store) => {
    await requireEnrolment(store, username);
    const code = readGivenCode(context, options.codeFrom);
    // Read again, because the answer may have taken long.
    const enrolment = await requireEnrolment(store, username);
    let finding = await examine(context, store, enrolment, code);
    if (options.use && !await use(store, username, finding)) {
      finding = "found" in finding ? { result: "used", found: finding.found } : { result: "wrong" };
    }
    const { failures, disabledAt } = enrolment;
    const lockedUntil = lockEnd(failures, context.now());
    const isRight = ["right", "recovery_code"].includes(finding.result);
    if (!isRight || lockedUntil !== null || disabledAt !== null) {
      context.exitStatus = 1;
    }
    const state = { lockedUntil, disabledAt };
    context.out(
      options.json
        ? json(asJson(enrolment, finding, state, options.use ?? false))
        : asText(enrolment, finding, state, options.use ?? false),
    );
  });
}

function readGivenCode(
  context: AdminContext,
  from: string | undefined,
): Code | null {
  const text = from === undefined
    ? askLine(context, "Code", "--code-from FILE")
    : new TextDecoder().decode(
      readInputFile(context, "--code-from", from, MAX_CODE_BYTES),
    );
  return readCode(text);
}

async function examine(
  context: AdminContext,
  store: EnrolmentStore,
  enrolment: Enrolment,
  code: Code | null,
): Promise<Finding> {
  if (code === null) return { result: "malformed" };
  const secret = await openVault(context).open(enrolment);
  if (mayBeRecoveryCode(code)) {
    const mark = await markOfCode(secret, code.text);
    if (await store.hasRecoveryCode(enrolment.username, mark)) {
      return { result: "recovery_code", mark };
    }
  }
  if (code.kind === "recovery") return { result: "wrong" };
  return code.text.length === enrolment.parameters.digits
    ? await examineDigits(context, enrolment, secret, code.text)
    : { result: "malformed" };
}

async function examineDigits(
  context: AdminContext,
  enrolment: Enrolment,
  secret: Redacted<Uint8Array>,
  digits: string,
): Promise<Finding> {
  const { parameters, lastStep } = enrolment;
  const found = await findCode(digits, { secret, parameters }, context.now());
  if (found === null) return { result: "wrong" };
  const driftSteps = readSetting(SETTINGS.driftSteps, context.read);
  if (Math.abs(found.stepsOff) > driftSteps) {
    return { result: "clock_off", found };
  }
  const isUsed = lastStep !== null && found.step <= lastStep;
  return { result: isUsed ? "used" : "right", found };
}

/** False where a login has used the code meanwhile. */
async function use(
  store: EnrolmentStore,
  username: string,
  finding: Finding,
): Promise<boolean> {
  if (finding.result === "right") {
    return await store.useStep(username, finding.found.step);
  }
  return finding.result !== "recovery_code" ||
    await store.useRecoveryCode(username, finding.mark);
}

interface State {
  lockedUntil: EpochMs | null;
  disabledAt: EpochMs | null;
}

function asJson(
  { username, parameters }: Enrolment,
  finding: Finding,
  { lockedUntil, disabledAt }: State,
  isUsed: boolean,
) {
  return {
    username,
    result: finding.result,
    secondsOff: "found" in finding ? finding.found.stepsOff * parameters.periodSeconds : null,
    usedUp: isUsed && ["right", "recovery_code"].includes(finding.result),
    lockedUntil: instantOrNull(lockedUntil),
    disabledAt: instantOrNull(disabledAt),
  };
}

function asText(
  enrolment: Enrolment,
  finding: Finding,
  { lockedUntil, disabledAt }: State,
  isUsed: boolean,
): string {
  const lines = [explained(enrolment, finding, isUsed)];
  if (lockedUntil !== null) {
    lines.push(
      `Locked until ${instant(lockedUntil)} after wrong codes: until then no code is accepted ` +
        "(openvpn-totp unlock USER).",
    );
  }
  if (disabledAt !== null) {
    lines.push(
      `Disabled since ${instant(disabledAt)}: every login is refused (openvpn-totp enable USER).`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

function explained(
  { parameters, lastStep }: Enrolment,
  finding: Finding,
  isUsed: boolean,
): string {
  switch (finding.result) {
    case "right":
      return isUsed ? "Right, and used up now." : "Right: a login with it would be accepted.";
    case "recovery_code":
      return isUsed
        ? "A recovery code, and used up now."
        : "A recovery code: a login with it would be accepted, and use it up.";
    case "used": {
      const nextMs = ((lastStep ?? 0) + 1) * parameters.periodSeconds * 1000;
      return "Right, but it was already used, or a newer code was: each code is accepted once. Codes from " +
        `${instant(nextMs)} on are accepted again.`;
    }
    case "clock_off":
      return `The code ${toldDeviation(finding.found, parameters)}. ` +
        "A login would be refused: let both clocks set themselves (on the server: timedatectl).";
    case "malformed":
      return `Not a code: a code has ${parameters.digits} digits.`;
    case "wrong":
      return "Wrong: this secret has no such code within an hour of now. Is it the right entry in the " +
        "app, from the last enrolment?";
  }
}
