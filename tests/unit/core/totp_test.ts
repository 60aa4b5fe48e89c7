import assert from "node:assert/strict";
import fc from "fast-check";
import { Secret, TOTP } from "otpauth";
import { COMMON_PARAMETERS } from "../../../src/core/totp_parameters.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { hmacKey, hotp, matchTimeStep, timeStepAt } from "../../../src/core/totp.ts";
import { holds } from "../../lab/fuzz.ts";
import { mustRun } from "../../lab/command.ts";
import { testWith } from "../../lab/requirements.ts";

/** The secret in both RFCs' test vectors. */
const RFC_SECRET = new Redacted(
  new TextEncoder().encode("12345678901234567890"),
);

Deno.test("hotp gives the codes of RFC 4226 appendix D", async () => {
  const key = await hmacKey(RFC_SECRET);
  const codes = [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
  ];
  for (const [counter, code] of codes.entries()) {
    assert.equal(await hotp(key, counter), code);
  }
});

Deno.test("hotp of a time step gives the codes of RFC 6238 appendix B", async () => {
  const key = await hmacKey(RFC_SECRET);
  const vectors: [seconds: number, code: string][] = [
    [59, "94287082"],
    [1111111109, "07081804"],
    [1111111111, "14050471"],
    [1234567890, "89005924"],
    [2000000000, "69279037"],
    [20000000000, "65353130"],
  ];
  for (const [seconds, code] of vectors) {
    assert.equal(await hotp(key, timeStepAt(seconds * 1000), 8), code);
  }
});

Deno.test("hotp with SHA-256 and SHA-512 gives the codes of RFC 6238 appendix B", async () => {
  const seed = "1234567890".repeat(7);
  const vectors = [
    ["SHA256", 32, 59, "46119246"],
    ["SHA512", 64, 59, "90693936"],
    ["SHA256", 32, 1111111109, "68084774"],
    ["SHA512", 64, 1111111109, "25091201"],
    ["SHA256", 32, 20000000000, "77737706"],
    ["SHA512", 64, 20000000000, "47863826"],
  ] as const;
  for (const [algorithm, length, seconds, code] of vectors) {
    const bytes = new TextEncoder().encode(seed.slice(0, length));
    const key = await hmacKey(new Redacted(bytes), algorithm);
    assert.equal(await hotp(key, timeStepAt(seconds * 1000), 8), code);
  }
});

Deno.test("hotp agrees with otpauth on 3000 random secrets and times", async () => {
  await holds(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.integer({ min: 0, max: 2 ** 42 }),
      async (bytes, nowMs) => {
        const own = await hotp(
          await hmacKey(new Redacted(bytes)),
          timeStepAt(nowMs),
        );
        const secret = new Secret({ buffer: new Uint8Array(bytes).buffer });
        assert.equal(own, new TOTP({ secret }).generate({ timestamp: nowMs }));
      },
    ),
    3000,
  );
});

testWith(
  ["oathtool"],
  "hotp agrees with oathtool on 2000 random codes",
  async () => {
    for (let i = 0; i < 20; i++) {
      const bytes = crypto.getRandomValues(new Uint8Array(20));
      const first = crypto.getRandomValues(new Uint32Array(1))[0]!;
      const expected = (await mustRun("oathtool", [
        ...["--hotp", "--window=99", `--counter=${first}`],
        bytes.toHex(),
      ])).trim().split("\n");
      const key = await hmacKey(new Redacted(bytes));
      const own = await Promise.all(
        expected.map((_, n) => hotp(key, first + n)),
      );
      assert.equal(own.length, 100);
      assert.deepEqual(own, expected);
    }
  },
);

const RFC_USER = { secret: RFC_SECRET, parameters: COMMON_PARAMETERS };
const searchAt = (now: number, steps: number) => ({ now, steps, rest() {} });

Deno.test("matchTimeStep accepts exactly the codes of the drift window", async () => {
  const key = await hmacKey(RFC_SECRET);
  const now = 1_700_000_000_000;
  const present = timeStepAt(now);
  for (const driftSteps of [0, 1, 2]) {
    for (let offset = -4; offset <= 4; offset++) {
      const code = await hotp(key, present + offset);
      const expected = Math.abs(offset) <= driftSteps ? present + offset : null;
      assert.equal(
        await matchTimeStep(code, RFC_USER, searchAt(now, driftSteps)),
        expected,
      );
    }
  }
});

Deno.test("matchTimeStep moves on exactly at the end of a step", async () => {
  const key = await hmacKey(RFC_SECRET);
  const end = 1_700_000_010_000;
  const step = timeStepAt(end);
  const code = await hotp(key, step - 1);
  assert.equal(await matchTimeStep(code, RFC_USER, searchAt(end - 1, 0)), step - 1);
  assert.equal(await matchTimeStep(code, RFC_USER, searchAt(end, 0)), null);
});

Deno.test("matchTimeStep works at the beginning of time", async () => {
  const code = await hotp(await hmacKey(RFC_SECRET), 0);
  assert.equal(await matchTimeStep(code, RFC_USER, searchAt(0, 1)), 0);
});
