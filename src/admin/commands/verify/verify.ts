import type { EpochMs } from "../../../core/epoch.ts";
import { type Code, readCode } from "../../../core/code.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import { heldCodesOf } from "../../users/held_codes.ts";
import { readSetting, SETTINGS } from "../../../settings.ts";
import type { Enrolment } from "../../../core/enrolment.ts";
import type { EnrolmentStore } from "../../../store/store.ts";
import { type AdminContext, openVault, withStore } from "../../context.ts";
import { requireEnrolment } from "../../users/require_user.ts";
import { examineCode, type ExaminedCode, toldDeviation } from "../../enrolment/examine_code.ts";
import {
  ignoredParameters,
  type ParameterName,
  toldIgnored,
} from "../../enrolment/ignored_parameters.ts";
import { readInputFile } from "../../input_file.ts";
import { askLine } from "../../terminal/question.ts";
import { instant, instantOrNull, json } from "../../terminal/text.ts";
import type { VerifyOptions } from "./options.ts";

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
    let examined = await examine(context, store, enrolment, code);
    if (options.use && !await use(store, enrolment, examined)) examined = usedMeanwhile(examined);
    const result = examined.judgement.kind;
    const { disabledAt } = enrolment;
    const places = await store.placeCodes(username);
    const { lockedUntil } = heldCodesOf(enrolment, places, context.now());
    const isRight = ["right", "recovery_code"].includes(result);
    if (!isRight || lockedUntil !== null || disabledAt !== null) {
      context.exitStatus = 1;
    }
    const state = { lockedUntil, disabledAt };
    context.out(
      options.json
        ? json(asJson(enrolment, examined, state, options.use ?? false))
        : asText(enrolment, examined, state, options.use ?? false),
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

/** What a code was found to be, and what an app ignores that makes it instead of a right one. */
interface Found extends ExaminedCode {
  ignored: readonly ParameterName[];
}

async function examine(
  context: AdminContext,
  store: EnrolmentStore,
  enrolment: Enrolment,
  code: Code | null,
): Promise<Found> {
  if (code === null) {
    return { judgement: { kind: "malformed" }, stepsOff: null, mark: null, ignored: [] };
  }
  const user = {
    ...enrolment,
    secret: await openVault(context).open(enrolment),
    hasRecoveryCode: (mark: string) => store.hasRecoveryCode(enrolment.username, mark),
  };
  const driftSteps = readSetting(SETTINGS.driftSteps, context.read);
  const now = context.now();
  const examined = await examineCode(code, user, { now, driftSteps });
  const isWrong = ["wrong", "malformed"].includes(examined.judgement.kind);
  return { ...examined, ignored: isWrong ? await ignoredParameters(code, user, now) : [] };
}

/** Uses a right code up; false where a login has used it meanwhile. */
async function use(
  store: EnrolmentStore,
  enrolment: Enrolment,
  { judgement, mark }: ExaminedCode,
): Promise<boolean> {
  if (judgement.kind === "right") return await store.useTimeStep(enrolment, judgement.timeStep);
  return judgement.kind !== "recovery_code" || mark === null ||
    await store.useRecoveryCode(enrolment.username, mark);
}

/** What a login that was faster has made of a right code. */
function usedMeanwhile(examined: Found): Found {
  const { judgement } = examined;
  return judgement.kind === "right"
    ? { ...examined, judgement: { kind: "used", timeStep: judgement.timeStep } }
    : { ...examined, judgement: { kind: "wrong" } };
}

interface State {
  lockedUntil: EpochMs | null;
  disabledAt: EpochMs | null;
}

function asJson(
  { username, parameters }: Enrolment,
  { judgement: { kind }, stepsOff, ignored }: Found,
  { lockedUntil, disabledAt }: State,
  isUsed: boolean,
): Printed<"verify"> {
  return {
    username,
    result: kind,
    secondsOff: stepsOff === null ? null : stepsOff * parameters.periodSeconds,
    ignoredParameters: ignored,
    usedUp: isUsed && ["right", "recovery_code"].includes(kind),
    lockedUntil: instantOrNull(lockedUntil),
    disabledAt: instantOrNull(disabledAt),
  };
}

function asText(
  enrolment: Enrolment,
  examined: Found,
  { lockedUntil, disabledAt }: State,
  isUsed: boolean,
): string {
  const lines = [explained(enrolment, examined, isUsed)];
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
  { parameters, lastTimeStep }: Enrolment,
  { judgement, stepsOff, ignored }: Found,
  isUsed: boolean,
): string {
  if (ignored.length > 0) {
    return `Wrong: it is the code of an app that ${toldIgnored(ignored, parameters)}. A login ` +
      "would refuse it: use another app, or enrol the user again with the default codes.";
  }
  switch (judgement.kind) {
    case "right":
      return isUsed
        ? "Right. The code is now used up."
        : "Right: a login with it would be accepted.";
    case "recovery_code":
      return isUsed
        ? "A recovery code. It is now used up."
        : "This is a recovery code: a login would accept it and use it up.";
    case "used": {
      const nextMs = ((lastTimeStep ?? 0) + 1) * parameters.periodSeconds * 1000;
      return "Right, but this code or a newer one was already used: each code is accepted once. Codes from " +
        `${instant(nextMs)} on are accepted again.`;
    }
    case "clock_off":
      return `The code ${toldDeviation(stepsOff ?? 0, parameters)}. ` +
        "A login would be refused: set both clocks automatically (on the server: timedatectl).";
    case "malformed":
      return `Not a code: a code has ${parameters.digits} digits.`;
    case "wrong":
      return "Wrong: this secret has no such code within an hour of now. Is it the right entry in the " +
        "app, from the last enrolment?";
  }
}
