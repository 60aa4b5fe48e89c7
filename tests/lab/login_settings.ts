import fc from "fast-check";
import type { Rules } from "./login_rules.ts";

/** Settings of all kinds, for one kind of first factor. */
export const rulesIn = (mode: Rules["mode"]) =>
  fc.record<Rules>({
    mode: fc.constant(mode),
    challengeSeconds: fc.constantFrom(30, 120, 300, 4000),
    driftSteps: fc.integer({ min: 0, max: 2 }),
    maxFailures: fc.constantFrom(1, 2, 3, 5, 5),
    lockoutSeconds: fc.constantFrom(1, 60, 1000, 3600),
    freeFailures: fc.constantFrom(1, 3, 100, 100),
    // Powers of two: so each second takes back a part of a failure that has an exact number.
    maxWaitSeconds: fc.constantFrom(1, 16, 256, 512),
    bindsAddress: fc.constantFrom(true, true, false),
    commonName: fc.constantFrom("any", "any", "any", "same", "same-ignoring-case"),
    admitsUnenrolled: fc.constantFrom(false, false, true),
  });
