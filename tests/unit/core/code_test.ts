import assert from "node:assert/strict";
import fc from "fast-check";
import { readCode as read, RECOVERY_ALPHABET, shownRecoveryCode } from "../../../src/core/code.ts";
import { holds, textWith } from "../../lab/fuzz.ts";
import { INTRUDERS, SEPARATORS, typedCode } from "../../lab/typed_code.ts";

/** The digits of the code in a text; null if there is none. */
function readCode(text: string): string | null {
  const code = read(text);
  return code?.kind === "digits" ? code.text : null;
}

Deno.test("readCode keeps leading zeros", () => {
  assert.equal(readCode("000042"), "000042");
});

Deno.test("readCode ignores blanks and a line end", () => {
  for (const text of [" 123 456\t\r\n", "123-456", "123\u00a0456\u202f"]) {
    assert.equal(readCode(text), "123456");
  }
});

Deno.test("readCode accepts only six to eight digits", () => {
  for (
    const text of [
      "",
      " ",
      "12345",
      "123456789",
      "12345a",
      "-12345",
      "123–456",
      "+12345",
      "1e5000",
      "0x1234",
      "12.456",
      "123456\0",
      "\x00123456",
      "१२३४५६",
      "123.456",
      "123456\n654321",
    ]
  ) {
    assert.equal(readCode(text), null, JSON.stringify(text));
  }
});

Deno.test("readCode accepts the digits of other keyboards", () => {
  for (const text of ["１２３４５６", "١٢٣٤٥٦", "۱۲۳۴۵۶", "１２٣-٤ ۵6"]) {
    assert.equal(readCode(text), "123456", text);
  }
  assert.equal(readCode("０٠۰０٠۰"), "000000");
  assert.equal(readCode("９٩۹９٩۹"), "999999");
});

Deno.test("readCode reads a recovery code however it is typed", () => {
  const code = { kind: "recovery", text: "ABCDE10K0Z" };
  for (
    const text of [
      "ABCDE10K0Z",
      "abcde-10k0z",
      " abcde - 1okoz\r\n",
      "ABCDEIOKOZ",
      "abcdel0koz",
    ]
  ) {
    assert.deepEqual(read(text), code, text);
  }
  assert.equal(shownRecoveryCode(code.text), "ABCDE-10K0Z");
  for (const text of ["ABCDE10K0", "ABCDE10K0ZZ", "ABCDE10K0U", "ABCDE10K0ſ"]) {
    assert.equal(read(text), null, text);
  }
  holds(fc.property(
    fc.string({
      unit: fc.constantFrom(...RECOVERY_ALPHABET),
      minLength: 10,
      maxLength: 10,
    }),
    (text) => {
      const shown = shownRecoveryCode(text).toLowerCase();
      assert.deepEqual(read(shown), { kind: "recovery", text });
    },
  ));
});

Deno.test("readCode removes blanks and dashes inside a code, and no other character of Unicode", () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point);
    const digit = ["0", "٠", "۰", "０"].map((zero) => point - zero.codePointAt(0)!).find((digit) =>
      digit >= 0 && digit <= 9
    );
    const expected = digit !== undefined
      ? `123${digit}456`
      : SEPARATORS.includes(character)
      ? "123456"
      : null;
    assert.equal(readCode(`123${character}456`), expected, point.toString(16));
  }
});

Deno.test("readCode reads a code however it is typed", () => {
  holds(fc.property(typedCode, ({ code, text }) => {
    assert.equal(readCode(text), code);
  }));
});

Deno.test("readCode requires digits: with another character, or one digit fewer, there is no code", () => {
  const extra = fc.constantFrom(...INTRUDERS);
  holds(fc.property(typedCode, extra, fc.nat(), ({ text }, extra, n) => {
    const place = n % (text.length + 1);
    assert.equal(
      readCode(text.slice(0, place) + extra + text.slice(place)),
      null,
    );
    const digits = [...text.matchAll(/[0-9]/g)];
    const { index } = digits[n % digits.length]!;
    assert.equal(readCode(text.slice(0, index) + text.slice(index + 1)), null);
  }));
});

Deno.test("readCode returns null or the digits in the text, whatever the text", () => {
  const text = textWith("12", "345", "6", "-", " ", ...INTRUDERS);
  holds(fc.property(text, (text) => {
    const code = readCode(text);
    if (code !== null) {
      assert.match(code, /^[0-9]{6,8}$/);
      assert.equal(text.replace(/[^0-9]/g, ""), code);
    }
  }));
});
