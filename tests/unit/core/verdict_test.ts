import assert from "node:assert/strict";
import fc from "fast-check";
import { refusedInWait, refusedWhileLocked, refusedWrongCode } from "../../../src/core/verdict.ts";
import { holds } from "../../lab/fuzz.ts";

Deno.test("what a client is told about waits and attempts fits in one line, and only a wait is TEMP", () => {
  holds(fc.property(fc.integer({ min: 1, max: 3600 }), (n) => {
    const wait = refusedInWait(n).told ?? "";
    assert(wait.startsWith(`TEMP[backoff ${n},advance no]: `));
    const others = [refusedWhileLocked(n).told, refusedWrongCode(n).told];
    for (const told of others) {
      assert.doesNotMatch(told ?? "", /^(TEMP|CRV1|SESSION)/);
    }
    for (const told of [wait, ...others]) {
      assert.match(told ?? "", /^[ -~]{1,234}$/);
      assert.doesNotMatch(told ?? "", /\b1 (second|minute|attempt)s/);
      assert.doesNotMatch(
        told ?? "",
        /(\d\d|[02-9]) (second|minute|attempt)\b/,
      );
    }
  }));
});

Deno.test("a locked client is never told to come back before the lock ends", () => {
  holds(fc.property(fc.integer({ min: 1, max: 3600 }), (seconds) => {
    const told = refusedWhileLocked(seconds).told ?? "";
    const [, number, unit] = told.match(/(\d+) (second|minute)s?$/) ?? [];
    const length = Number(number) * (unit === "minute" ? 60 : 1);
    assert(seconds <= length && length < seconds + 60, told);
  }));
});
