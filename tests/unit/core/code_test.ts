import assert from "node:assert/strict";
import fc from "fast-check";
import { readCode } from "../../../src/core/code.ts";
import { holds, textWith } from "../../lab/fuzz.ts";
import { INTRUDERS, SEPARATORS, typedCode } from "../../lab/typed_code.ts";

Deno.test("readCode keeps leading zeros", () => {
  assert.equal(readCode("000042"), "000042");
});

Deno.test("readCode drops blanks and a line end", () => {
  for (const text of [" 123 456\t\r\n", "123-456", "123\u00a0456\u202f"]) {
    assert.equal(readCode(text), "123456");
  }
});

Deno.test("readCode takes nothing but six ASCII digits", () => {
  for (
    const text of [
      "",
      " ",
      "12345",
      "1234567",
      "12345a",
      "-12345",
      "123–456",
      "+12345",
      "1e5000",
      "0x1234",
      "12.456",
      "123456\0",
      "\x00123456",
      "１２３４５６",
      "١٢٣٤٥٦",
      "123.456",
      "123456\n654321",
    ]
  ) {
    assert.equal(readCode(text), null, JSON.stringify(text));
  }
});

Deno.test("readCode takes out of a code's middle blanks and dashes, no other character of Unicode", () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point);
    const expected = SEPARATORS.includes(character) ? "123456" : null;
    assert.equal(readCode(`123${character}456`), expected, point.toString(16));
  }
});

Deno.test("readCode reads a code however it is typed", () => {
  holds(fc.property(typedCode, ({ code, text }) => {
    assert.equal(readCode(text), code);
  }));
});

Deno.test("readCode wants six digits: a character more or less is no code", () => {
  const extra = fc.constantFrom(..."0123456789", ...INTRUDERS);
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

Deno.test("readCode gives null or six digits that the text has, whatever the text", () => {
  const text = textWith("12", "345", "6", "-", " ", ...INTRUDERS);
  holds(fc.property(text, (text) => {
    const code = readCode(text);
    if (code !== null) {
      assert.match(code, /^[0-9]{6}$/);
      assert.equal(text.replace(/[^0-9]/g, ""), code);
    }
  }));
});
