import assert from "node:assert/strict";
import type { Code } from "../../../src/core/code.ts";
import { classify } from "../../../src/core/code_judgement.ts";
import { timeStepAt } from "../../../src/core/totp.ts";
import { COMMON_PARAMETERS } from "../../../src/core/totp_parameters.ts";

const NOW = 1_700_000_000_000;
const PRESENT = timeStepAt(NOW);
const DIGITS: Code = { kind: "digits", text: "123456" };
const EIGHT: Code = { kind: "digits", text: "12345678" };
const RECOVERY: Code = { kind: "recovery", text: "ABCDE10K0Z" };

Deno.test("classify judges by this table", () => {
  const table: [
    code: Code | null,
    stepsOff: number | null,
    isRecoveryCode: boolean,
    lastTimeStep: number | null,
    driftSteps: number,
    kind: string,
  ][] = [
    [null, null, false, null, 1, "malformed"],
    [null, 0, true, null, 1, "malformed"],
    [{ kind: "digits", text: "1234567" }, 0, true, null, 1, "malformed"],
    [DIGITS, 0, false, null, 1, "right"],
    [DIGITS, 1, false, null, 1, "right"],
    [DIGITS, -1, false, PRESENT - 2, 1, "right"],
    [DIGITS, -1, false, PRESENT - 1, 1, "used"],
    [DIGITS, 0, false, PRESENT + 5, 1, "used"],
    [DIGITS, 2, false, null, 1, "clock_off"],
    [DIGITS, -2, false, PRESENT + 5, 1, "clock_off"],
    [DIGITS, 1, false, null, 0, "clock_off"],
    [DIGITS, null, false, null, 1, "wrong"],
    // A code with the length of this user's codes, whose form is not that of a recovery code.
    [DIGITS, null, true, null, 1, "wrong"],
    [EIGHT, null, true, null, 1, "recovery_code"],
    [EIGHT, null, false, null, 1, "wrong"],
    [RECOVERY, null, true, PRESENT, 1, "recovery_code"],
    [RECOVERY, null, false, null, 1, "wrong"],
  ];
  for (const [code, stepsOff, isRecoveryCode, lastTimeStep, driftSteps, kind] of table) {
    const judgement = classify(
      code,
      { parameters: COMMON_PARAMETERS, lastTimeStep },
      { timeStep: stepsOff === null ? null : PRESENT + stepsOff, isRecoveryCode },
      { now: NOW, driftSteps },
    );
    assert.equal(
      judgement.kind,
      kind,
      JSON.stringify([code, stepsOff, isRecoveryCode, lastTimeStep]),
    );
    if ("timeStep" in judgement) assert.equal(judgement.timeStep, PRESENT + stepsOff!);
  }
});

Deno.test("classify takes a code of eight digits for the app's before it looks for a recovery code", () => {
  const parameters = { ...COMMON_PARAMETERS, digits: 8 };
  const kindAt = (stepsOff: number) =>
    classify(
      EIGHT,
      { parameters, lastTimeStep: null },
      { timeStep: PRESENT + stepsOff, isRecoveryCode: true },
      { now: NOW, driftSteps: 1 },
    ).kind;
  assert.equal(kindAt(0), "right");
  assert.equal(kindAt(9), "recovery_code");
});
