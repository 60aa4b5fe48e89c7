import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../src/core/failure.ts";
import { refusalOf } from "../../../src/login/refusal_of.ts";
import { holds, textWith } from "../../lab/fuzz.ts";

Deno.test("refusalOf says where an unexpected error was thrown, but does not show its message", () => {
  const messages = ["", "hunter2", "first\nhunter2", "\n    at hunter2"];
  for (const message of messages) {
    const { detail } = refusalOf(new TypeError(message));
    assert.match(detail!, /^unexpected TypeError at file:.*refusal_of_test\.ts:\d/);
  }
  const without = new Error("hunter2");
  delete without.stack;
  assert.equal(
    refusalOf(without).detail,
    "unexpected Error at an unknown place",
  );
});

Deno.test("refusalOf repeats no part of a foreign error's message, whatever the message", () => {
  const message = textWith("\n", "    at ", "\r", ":", "Error: ", "\n    at x");
  holds(fc.property(message, (message) => {
    const { outcome, reason, detail } = refusalOf(new RangeError(message));
    assert.deepEqual([outcome, reason], ["refused", "failure"]);
    const place = message.isWellFormed()
      ? /^unexpected RangeError at \S+\/refusal_of_test\.ts:\d+/
      : /^unexpected RangeError at (\S+\/refusal_of_test\.ts:\d+|an unknown place)/;
    assert.match(detail!, place);
  }));
});

Deno.test("refusalOf refuses whatever was thrown", () => {
  holds(fc.property(fc.anything(), (thrown) => {
    assert.deepEqual(refusalOf(thrown), {
      outcome: "refused",
      reason: "failure",
      detail: "unexpected error",
    });
  }));
  assert.equal(
    refusalOf(new Failure("bad_call", "our words")).detail,
    "bad_call: our words",
  );
});
