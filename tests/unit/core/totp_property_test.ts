import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret, TOTP } from "otpauth";
import { Redacted } from "../../../src/text/redacted.ts";
import { markOfCode, matchTimeStep } from "../../../src/core/totp.ts";
import {
  COMMON_PARAMETERS,
  TOTP_ALGORITHMS,
  type TotpParameters,
} from "../../../src/core/totp_parameters.ts";
import { anyText, holds, moment } from "../../lab/fuzz.ts";
import { sixDigits } from "../../lab/typed_code.ts";

const STEP_MS = 30_000;
const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
const driftSteps = fc.integer({ min: 0, max: 10 });
// This starts at the tenth minute, because otpauth has no time step before the first.
const now = moment.map((ms) => ms + 20 * STEP_MS);

const otpauth = (
  bytes: Uint8Array,
  { algorithm, digits, periodSeconds } = COMMON_PARAMETERS,
) =>
  new TOTP({
    algorithm,
    digits,
    period: periodSeconds,
    secret: new Secret({ buffer: new Uint8Array(bytes).buffer }),
  });

const parameters: fc.Arbitrary<TotpParameters> = fc.record({
  algorithm: fc.constantFrom(...TOTP_ALGORITHMS),
  digits: fc.integer({ min: 6, max: 8 }),
  periodSeconds: fc.integer({ min: 15, max: 300 }),
});

const find = (
  code: string,
  bytes: Uint8Array,
  search: { now: number; steps: number },
  parameters = COMMON_PARAMETERS,
) => matchTimeStep(code, { secret: new Redacted(bytes), parameters }, { ...search, rest() {} });

Deno.test("matchTimeStep finds the codes that otpauth finds, and their time step", async () => {
  const offset = fc.integer({ min: -12, max: 12 });
  await holds(
    fc.asyncProperty(
      bytes,
      now,
      driftSteps,
      offset,
      parameters,
      async (bytes, ms, driftSteps, offset, parameters) => {
        const stepMs = parameters.periodSeconds * 1000;
        const timestamp = ms + 20 * stepMs;
        const totp = otpauth(bytes, parameters);
        const token = totp.generate({
          timestamp: timestamp + offset * stepMs,
        });
        const delta = totp.validate({ token, timestamp, window: driftSteps });
        const step = await find(token, bytes, { now: timestamp, steps: driftSteps }, parameters);
        assert.equal(step === null, delta === null);
        if (step === null) return;
        // Once in a million times, two steps of a window have the same code.
        assert.equal(totp.generate({ timestamp: step * stepMs }), token);
        const present = Math.floor(timestamp / stepMs);
        assert(Math.abs(step - present) <= driftSteps);
      },
    ),
    200,
  );
});

Deno.test("matchTimeStep accepts no other text, whether it has six digits or not", async () => {
  const text = fc.oneof(sixDigits, anyText);
  const few = fc.integer({ min: 0, max: 2 });
  await holds(
    fc.asyncProperty(
      bytes,
      now,
      few,
      text,
      fc.nat(5),
      async (bytes, timestamp, driftSteps, token, place) => {
        const totp = otpauth(bytes);
        const codes = Array.from(
          { length: 2 * driftSteps + 1 },
          (_, i) =>
            totp.generate({
              timestamp: timestamp + (i - driftSteps) * STEP_MS,
            }),
        );
        const step = await find(token, bytes, { now: timestamp, steps: driftSteps });
        assert.equal(step !== null, codes.includes(token));
        const [code = ""] = codes;
        const digits = [...code];
        const digit = (Number(digits[place]) + 1) % 10;
        const other = digits.with(place, String(digit)).join("");
        for (const near of [other, code.slice(1), `${code} `]) {
          if (codes.includes(near)) continue;
          assert.equal(
            await find(near, bytes, { now: timestamp, steps: driftSteps }),
            null,
          );
        }
      },
    ),
    100,
  );
});

Deno.test("markOfCode is the same only for the same secret and code, and is not a code", async () => {
  const other = fc.uint8Array({ minLength: 20, maxLength: 20 });
  const own = fc.uint8Array({ minLength: 20, maxLength: 20 });
  await holds(
    fc.asyncProperty(
      own,
      other,
      sixDigits,
      sixDigits,
      async (own, other, code, wrong) => {
        const mark = (bytes: Uint8Array, code: string) => markOfCode(new Redacted(bytes), code);
        const first = await mark(own, code);
        assert.equal(await mark(own.slice(), code), first);
        assert.equal(await mark(own, wrong) === first, code === wrong);
        const isSame = own.toHex() === other.toHex();
        assert.equal(await mark(other, code) === first, isSame);
        assert.equal(first.includes(code), false);
      },
    ),
    200,
  );
});
