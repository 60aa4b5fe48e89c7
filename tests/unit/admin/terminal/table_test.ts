import assert from "node:assert/strict";
import { displayWidth } from "../../../../src/admin/terminal/display_width.ts";
import { table } from "../../../../src/admin/terminal/table.ts";
import { UNPRINTABLE } from "../../../../src/text/printable.ts";

Deno.test("displayWidth counts columns", () => {
  const cases: [string, number][] = [
    ["", 0],
    ["alice", 5],
    ["zoë", 3],
    ["zoe\u0308", 3],
    ["山田", 4],
    ["ｱﾗﾝ", 3],
    ["Ａ", 2],
    ["한글", 4],
    ["\u1112\u1161\u11ab", 2],
    ["👍", 2],
    ["नमस्ते", 4],
  ];
  for (const [text, width] of cases) {
    assert.equal(displayWidth(text), width, text);
  }
});

Deno.test("displayWidth agrees with the C library, except for later changes in Unicode", () => {
  const libc = Deno.dlopen("libc.so.6", {
    setlocale: { parameters: ["i32", "buffer"], result: "pointer" },
    wcwidth: { parameters: ["u32"], result: "i32" },
  });
  let [count, different] = [0, 0];
  try {
    const LC_ALL = 6;
    const locale = new TextEncoder().encode("C.UTF-8\0");
    assert(libc.symbols.setlocale(LC_ALL, locale) !== null);
    for (let point = 0x20; point < 0x110000; point++) {
      const character = String.fromCodePoint(point);
      const width = libc.symbols.wcwidth(point);
      if (character.search(UNPRINTABLE) !== -1 || width === -1) continue;
      count++;
      if (displayWidth(character) !== width) different++;
    }
  } finally {
    libc.close();
  }
  assert(count > 100_000, "the library knows the characters");

  assert(different < count / 500, `${different} of ${count} differ`);
});

Deno.test("table lays out as many rows as the audit trail has", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [String(i), "x"]);
  assert.equal(table(["N", "X"], rows).split("\n").length, 200_002);
});
