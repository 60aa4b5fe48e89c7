import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Redacted } from "../../../src/text/redacted.ts";
import { answersTo } from "../../../src/pam/answers.ts";
import { anyText, holds } from "../../lab/fuzz.ts";

const utf8 = new TextEncoder();
const ALICE = { username: "alice", password: new Redacted(utf8.encode("pw")) };

Deno.test("answersTo gives password, username or nothing, depending on the style", () => {
  assert.deepEqual(answersTo([1, 2, 3, 4, 1], ALICE), [
    utf8.encode("pw"),
    utf8.encode("alice"),
    null,
    null,
    utf8.encode("pw"),
  ]);
});

Deno.test("answersTo answers nothing at all if a message is not understood", () => {
  for (const style of [0, 5, 6, 7, -1]) {
    assert.equal(answersTo([1, style], ALICE), null);
  }
});

Deno.test("answersTo, without credentials, takes texts and answers no prompt", () => {
  assert.deepEqual(answersTo([3, 4], null), [null, null]);
  for (const styles of [[1], [2], [3, 1], [5]]) assert.equal(answersTo(styles, null), null);
});

Deno.test("answersTo gives the password only to prompts that hide it, and all answers or none", () => {
  const style = fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 4 }), weight: 9 },
    fc.integer({ min: -2, max: 8 }),
    fc.integer(),
  );
  const styles = fc.array(style, { maxLength: 32 });
  holds(fc.property(
    styles,
    anyText,
    fc.uint8Array(),
    (styles, username, password) => {
      const answers = answersTo(styles, {
        username,
        password: new Redacted(password),
      });
      const expected = new Map<number, string | null>([
        [1, Buffer.from(password).toString("hex")],
        [2, Buffer.from(username).toString("hex")],
        [3, null],
        [4, null],
      ]);
      assert.deepEqual(
        answers?.map((answer) => answer?.toHex() ?? null) ?? null,
        styles.every((style) => expected.has(style))
          ? styles.map((style) => expected.get(style))
          : null,
      );
    },
  ));
});
