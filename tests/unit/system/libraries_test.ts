import assert from "node:assert/strict";
import { openLibrary } from "../../../src/system/libraries.ts";

const SYMBOLS = {
  abs: { parameters: ["i32"], result: "i32" },
  htonl: { parameters: ["u32"], result: "u32" },
  malloc_usable_size: { parameters: ["usize"], result: "usize" },
} as const;

Deno.test("a number that does not fit its C type is refused, and never another one in its place", () => {
  const { symbols, close } = openLibrary("libc.so.6", SYMBOLS);
  const { abs, htonl, malloc_usable_size } = symbols;
  assert.deepEqual([abs(-5), htonl(0xffff_fffe), malloc_usable_size(0n)], [5, 0xfeff_ffff, 0n]);
  const bad: unknown[] = [2 ** 32, -(2 ** 31) - 1, NaN, 1.5, undefined, null, "1", Infinity];
  for (const value of bad) {
    assert.throws(() => abs(value as number), TypeError, String(value));
    assert.throws(() => htonl(value as number), TypeError, String(value));
  }
  assert.throws(() => htonl(-1), TypeError);
  for (const value of [2n ** 64n, -1n]) {
    assert.throws(() => malloc_usable_size(value), TypeError, String(value));
  }
  close();
});
