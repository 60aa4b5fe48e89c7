import assert from "node:assert/strict";
import fc from "fast-check";
import { logfmt } from "../../../src/text/logfmt.ts";
import { printable, quoted } from "../../../src/text/printable.ts";
import { isUsername } from "../../../src/core/username.ts";
import { anyText, holds, textWith } from "../../lab/fuzz.ts";
import { parseLogfmt, unquote } from "../../lab/logfmt.ts";

/**
 * Controls, line ends, characters that change the writing direction, unpaired surrogates, fillers.
 */
const ACTS = new RegExp(
  "[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u061c\\u200b-\\u200f" +
    "\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u00ad\\u{d800}-\\u{dfff}" +
    "\\u{e0000}-\\u{e007f}]",
  "u",
);

const hostile = textWith(
  ...['"', "\\", " ", "=", "\n", "\r", "\0", "\x1b[2J", "\x9b1m", "\x7f"],
  ...['" outcome=accepted x="', "\\u{a}", "\\n", "u{22}", "… (9 characters)"],
  ...["\u2028", "\u202e", "\u2066", "\u200f", "\ufeff", "\ud800", "\udc00"],
  ...["a".repeat(250), "\u{1f600}".repeat(120), "\u{e0041}", "é", "山"],
);

Deno.test("printable, quoted and logfmt escape everything that affects a terminal or a log", () => {
  holds(
    fc.property(hostile, (text) => {
      for (const shown of [printable(text), quoted(text), logfmt({ text })]) {
        assert.doesNotMatch(shown, ACTS);
      }
    }),
    500,
  );
});

Deno.test("quoted can be undone to the text, or to its beginning and its length", () => {
  holds(
    fc.property(hostile, (text) => {
      const characters = [...text];
      const expected = characters.length <= 256
        ? text
        : `${characters.slice(0, 256).join("")}… (${text.length} characters)`;
      assert.equal(unquote(quoted(text)), expected);
    }),
    500,
  );
});

Deno.test("printable changes only what it escapes", () => {
  const text = hostile.map((text) => text.replaceAll(/["\\]/g, ""));
  holds(fc.property(text, (text) => {
    assert.equal(unquote(`"${printable(text)}"`), text);
  }));
});

Deno.test("a line of logfmt is read back as the fields that went in, and no others", () => {
  const value = fc.oneof(
    ...[hostile, anyText, fc.integer(), fc.double()],
    fc.constantFrom(null, undefined, "", "::1", "a b", "accepted", '"'),
  );
  const name = fc.constantFrom("time", "outcome", "user", "detail", "address");
  const fields = fc.dictionary(name, value, { noNullPrototype: true });
  holds(
    fc.property(fields, (fields) => {
      const expected = Object.entries(fields)
        .filter(([, value]) => (value ?? null) !== null)
        .map(([name, value]) => [name, String(value)])
        .filter(([, value]) => [...value!].length <= 256);
      const read = parseLogfmt(logfmt(fields))
        .filter(([, value]) => !/… \(\d+ characters\)$/.test(value));
      const uncut = expected
        .filter(([, value]) => !/… \(\d+ characters\)$/.test(value!));
      assert.deepEqual(read, uncut);
      assert.equal(
        parseLogfmt(logfmt(fields)).length,
        Object.values(fields).filter((value) => (value ?? null) !== null)
          .length,
      );
    }),
    500,
  );
});

Deno.test("isUsername accepts 1 to 256 bytes of UTF-8 on one line", () => {
  const name = fc.oneof(
    hostile,
    anyText,
    fc.tuple(fc.integer({ min: 240, max: 260 }), fc.constantFrom("a", "é"))
      .map(([length, letter]) => letter.repeat(length / letter.length)),
    fc.string({ unit: "grapheme", minLength: 60, maxLength: 100 }),
  );
  holds(
    fc.property(name, (text) => {
      let isUtf8 = true;
      try {
        encodeURIComponent(text);
      } catch {
        isUtf8 = false;
      }
      const bytes = isUtf8 ? encodeURIComponent(text).replace(/%../g, "_") : "";
      // deno-lint-ignore no-control-regex
      const isOneLine = !/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(text);
      const expected = isOneLine && bytes.length >= 1 && bytes.length <= 256;
      assert.equal(isUsername(text), expected);
    }),
    500,
  );
});
