import assert from "node:assert/strict";
import type { Enrolment } from "../../../src/core/enrolment.ts";
import type { Exemption } from "../../../src/core/exemption.ts";
import { NO_FAILURES } from "../../../src/core/lockout.ts";
import { restoreChanges, restored } from "../../../src/core/restore.ts";
import { COMMON_PARAMETERS } from "../../../src/core/totp_parameters.ts";

/** Enrolled at 1000; steps are of 30 seconds unless a test says otherwise. */
function savedWith(rest: Partial<Enrolment> = {}, periodSeconds = 30): Enrolment {
  return {
    username: "alice",
    secret: { keyId: "k", bytes: new Uint8Array() },
    parameters: { ...COMMON_PARAMETERS, periodSeconds },
    issuer: "VPN",
    enrolledAt: 1000,
    lastLoginAt: null,
    lastTimeStep: null,
    failures: NO_FAILURES,
    disabledAt: null,
    uncodedLoginAt: null,
    tokensValidFrom: 1000,
    recoveryCodes: 0,
    ...rest,
  };
}

function presentWith(rest: Partial<Enrolment> = {}, periodSeconds = 30) {
  return { ...savedWith(rest), periodSeconds };
}

/** In time step 100 of 30 seconds, 50 of 60 seconds. */
const NOW = { now: 3_000_000, driftSteps: 1 };

Deno.test("a restored code that was used stays used", () => {
  const same = presentWith;
  const anew = (rest: Partial<Enrolment>) => presentWith({ ...rest, enrolledAt: 2000 });
  const table: [
    what: string,
    saved: Enrolment,
    present: ReturnType<typeof presentWith> | null,
    lastTimeStep: number | null,
  ][] = [
    ["never used", savedWith(), same(), null],
    ["used before the backup", savedWith({ lastTimeStep: 90 }), same({ lastTimeStep: 90 }), 90],
    ["used since the backup", savedWith({ lastTimeStep: 90 }), same({ lastTimeStep: 95 }), 95],
    ["first used since the backup", savedWith(), same({ lastTimeStep: 95 }), 95],
    ["used, and the present forgot it", savedWith({ lastTimeStep: 90 }), same(), 90],
    [
      "used, and the present is behind",
      savedWith({ lastTimeStep: 90 }),
      same({ lastTimeStep: 80 }),
      90,
    ],
    // Nobody can say which codes of the saved secret were used: none that counts now may.
    ["not enrolled now", savedWith(), null, 101],
    ["not enrolled now, used", savedWith({ lastTimeStep: 90 }), null, 101],
    ["not enrolled now, used in the future", savedWith({ lastTimeStep: 900 }), null, 900],
    ["enrolled anew since", savedWith({ lastTimeStep: 90 }), anew({ lastTimeStep: 95 }), 101],
    ["enrolled anew, unused", savedWith(), anew({}), 101],
    // Step 95 of 30 seconds ends at 2880 s, in the middle of no step of 60 seconds; 94 does.
    ["period was 60", savedWith({}, 60), presentWith({ lastTimeStep: 95 }, 30), 47],
    ["period was 60, in its middle", savedWith({}, 60), presentWith({ lastTimeStep: 94 }, 30), 47],
    ["period was 30", savedWith({}, 30), presentWith({ lastTimeStep: 47 }, 60), 95],
    ["not enrolled now, 60 seconds", savedWith({}, 60), null, 51],
  ];
  for (const [what, saved, present, lastTimeStep] of table) {
    assert.equal(restored(saved, present, NOW).lastTimeStep, lastTimeStep, what);
  }
});

Deno.test("a user who is disabled, then or now, is disabled after a restore", () => {
  const table: [saved: number | null, present: number | null | "missing", after: number | null][] =
    [
      [null, null, null],
      [null, "missing", null],
      [null, 7, 7],
      [5, null, 5],
      [5, "missing", 5],
      [5, 7, 5],
    ];
  for (const [then, now, after] of table) {
    // An enrolment made anew since makes no difference.
    for (const enrolledAt of [1000, 2000]) {
      const present = now === "missing" ? null : presentWith({ disabledAt: now, enrolledAt });
      const { disabledAt } = restored(savedWith({ disabledAt: then }), present, NOW);
      assert.equal(disabledAt, after, `${then}, ${now}`);
    }
  }
});

Deno.test("failures stay counted as they are now", () => {
  const then = { ...NO_FAILURES, count: 1 };
  const now = { ...NO_FAILURES, locks: 3, lockedUntil: 9 };
  const saved = savedWith({ failures: then });
  const failuresWith = (present: Parameters<typeof restored>[1]) =>
    restored(saved, present, NOW).failures;
  assert.deepEqual(failuresWith(presentWith({ failures: now })), now);
  assert.deepEqual(failuresWith(presentWith({ failures: NO_FAILURES })), NO_FAILURES);
  assert.deepEqual(failuresWith(presentWith({ failures: now, enrolledAt: 2000 })), now);
  assert.deepEqual(failuresWith(null), then);
});

Deno.test("session tokens from before a restore are void, whatever was saved", () => {
  for (const tokensValidFrom of [0, 1000, NOW.now - 1]) {
    for (const present of [null, presentWith(), presentWith({ enrolledAt: 2000 })]) {
      const saved = savedWith({ tokensValidFrom });
      assert.equal(restored(saved, present, NOW).tokensValidFrom, NOW.now);
    }
  }
});

Deno.test("recovery codes stay those of now, where the secret is the same", () => {
  const keeps = (present: Parameters<typeof restored>[1]) =>
    restored(savedWith(), present, NOW).keepsRecoveryCodes;
  assert.equal(keeps(presentWith()), true);
  assert.equal(keeps(presentWith({ enrolledAt: 2000 })), false);
  assert.equal(keeps(null), false);
});

Deno.test("restoreChanges names who comes, who goes and who needs no code again", () => {
  const exempt = (username: string, rest: Partial<Exemption> = {}): Exemption => ({
    username,
    since: 0,
    until: null,
    from: null,
    ...rest,
  });
  const changes = restoreChanges({
    enrolled: ["alice", "bob"],
    exemptions: [exempt("same"), exempt("longer", { until: 5 }), exempt("now")],
  }, {
    enrolled: ["bob", "carol"],
    exemptions: [
      exempt("same", { since: 3 }),
      exempt("longer", { until: 9 }),
      exempt("then"),
      exempt("now", { from: "192.0.2.1" }),
    ],
  });
  assert.deepEqual(changes, {
    returning: ["carol"],
    going: ["alice"],
    exemptAgain: ["longer", "then", "now"],
  });
});
