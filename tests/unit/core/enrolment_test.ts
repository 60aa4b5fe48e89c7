import assert from "node:assert/strict";
import { type Enrolment, replaced } from "../../../src/core/enrolment.ts";
import { NO_FAILURES } from "../../../src/core/lockout.ts";
import { COMMON_PARAMETERS } from "../../../src/core/totp_parameters.ts";

function sealed(byte: number) {
  return { keyId: "k", bytes: new Uint8Array(48).fill(byte) };
}

/** An earlier enrolment whose step 7 was used. */
function earlierWith(rest: Partial<Enrolment> = {}): Enrolment {
  return {
    username: "alice",
    secret: sealed(1),
    parameters: COMMON_PARAMETERS,
    issuer: "VPN",
    enrolledAt: 1000,
    lastLoginAt: 5,
    lastTimeStep: 7,
    failures: NO_FAILURES,
    disabledAt: null,
    uncodedLoginAt: null,
    tokensValidFrom: 1000,
    recoveryCodes: 0,
    ...rest,
  };
}

Deno.test("replaced keeps used codes, unless the new secret is known to make others", () => {
  const stepAfter = (earlier: Enrolment | null, replacesOther: Enrolment["secret"] | null) =>
    replaced(earlier, { replacesOther, disabledAt: null, parameters: COMMON_PARAMETERS })
      .lastTimeStep;
  assert.equal(stepAfter(earlierWith(), null), 7);
  assert.equal(stepAfter(earlierWith(), sealed(1)), null);
  assert.equal(stepAfter(earlierWith(), sealed(2)), 7);
  assert.equal(stepAfter(earlierWith({ lastTimeStep: null }), null), null);
  assert.equal(stepAfter(null, null), null);
  assert.equal(stepAfter(null, sealed(1)), null);
});

Deno.test("replaced keeps no time step of another period or hash, even of an unknown secret", () => {
  const stepWith = (change: Partial<Enrolment["parameters"]>) =>
    replaced(earlierWith(), {
      // The earlier secret was sealed again meanwhile: nobody knows whether it is the same.
      replacesOther: sealed(2),
      disabledAt: null,
      parameters: { ...COMMON_PARAMETERS, ...change },
    }).lastTimeStep;
  assert.equal(stepWith({ periodSeconds: 60 }), null);
  assert.equal(stepWith({ algorithm: "SHA256" }), null);
  // Of eight digits, the last six are the shorter code.
  assert.equal(stepWith({ digits: 8 }), 7);
});

Deno.test("replaced keeps a disabled user disabled, since the earlier moment", () => {
  const disabledAfter = (earlier: Enrolment | null, disabledAt: number | null) =>
    replaced(earlier, { replacesOther: null, disabledAt, parameters: COMMON_PARAMETERS })
      .disabledAt;
  assert.equal(disabledAfter(earlierWith({ disabledAt: 9 }), null), 9);
  assert.equal(disabledAfter(earlierWith({ disabledAt: 9 }), 10), 9);
  assert.equal(disabledAfter(earlierWith(), 10), 10);
  assert.equal(disabledAfter(earlierWith(), null), null);
  assert.equal(disabledAfter(null, 10), 10);
});
