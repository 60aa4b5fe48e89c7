import assert from "node:assert/strict";
import fc from "fast-check";
import { readCode } from "../../../src/core/code.ts";

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

Deno.test("readCode gives null or six digits that the text has, whatever the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const code = readCode(text);
    if (code !== null) {
      assert.match(code, /^[0-9]{6}$/);
      assert.equal(text.replace(/[^0-9]/g, ""), code);
    }
  }));
});
