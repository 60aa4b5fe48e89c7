import assert from "node:assert/strict";
import { readAll } from "../../../src/system/read_all.ts";

/** Gives a text in pieces of a length, and null or 0 at the end. */
function piecesOf(text: string, length: number, end: null | 0) {
  let rest = new TextEncoder().encode(text);
  return (buffer: Uint8Array) => {
    const piece = rest.subarray(0, Math.min(length, buffer.length));
    buffer.set(piece);
    rest = rest.subarray(piece.length);
    return piece.length === 0 ? end : piece.length;
  };
}

Deno.test("readAll reads to the end, or says that there is more", () => {
  for (const end of [null, 0] as const) {
    for (const length of [1, 3, 100]) {
      for (const [text, expected] of [["", ""], ["12345", "12345"], ["123456", null]] as const) {
        const content = readAll(piecesOf(text, length, end), 5);
        assert.equal(content === null ? null : new TextDecoder().decode(content), expected);
      }
    }
  }
});

Deno.test("readAll asks for no more than it may give, and one byte", () => {
  let asked = 0;
  readAll((buffer) => {
    asked = Math.max(asked, buffer.length);
    return 0;
  }, 5);
  assert.equal(asked, 6);
});
