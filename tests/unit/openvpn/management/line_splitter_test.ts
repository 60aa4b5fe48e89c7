import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter } from "../../../../src/openvpn/management/line_splitter.ts";
import { decodeLatin1, encodeLatin1 } from "../../../../src/text/latin1.ts";

const LINE = fc.string({ unit: fc.constantFrom("a", "\xff", ">", " ", "\r", "é"), maxLength: 20 });

Deno.test("LineSplitter gives the same lines wherever they are cut apart", () => {
  fc.assert(fc.property(
    fc.array(LINE, { maxLength: 10 }),
    LINE,
    fc.array(fc.nat({ max: 30 }), { maxLength: 30 }),
    (lines, rest, sizes) => {
      const splitter = new LineSplitter();
      const taken: string[] = [];
      let bytes = encodeLatin1(`${lines.map((line) => `${line}\r\n`).join("")}${rest}`);
      for (const size of [...sizes, bytes.length]) {
        for (const line of splitter.take(bytes.slice(0, size))) taken.push(decodeLatin1(line!));
        bytes = bytes.slice(size);
      }
      assert.deepEqual(taken, lines);
      assert.equal(decodeLatin1(splitter.unfinished), rest);
    },
  ));
});

Deno.test("LineSplitter overwrites what it has taken", () => {
  const chunk = encodeLatin1(">CLIENT:ENV,password=secret\r\nmore");
  const lines = [...new LineSplitter().take(chunk)];
  assert.equal(lines.length, 1);
  assert.deepEqual(chunk, new Uint8Array(chunk.length));
});

Deno.test("LineSplitter overwrites each line when the next one is asked for", () => {
  const splitter = new LineSplitter();
  const [begin, end] = ["password=sec", "ret\r\nmore\r\n"].map(encodeLatin1);
  assert.deepEqual([...splitter.take(begin!)], []);
  const lines: Uint8Array[] = [];
  for (const line of splitter.take(end!)) {
    assert.equal(decodeLatin1(line!), ["password=secret", "more"][lines.length]);
    lines.push(line!);
  }
  assert.deepEqual(lines, [new Uint8Array(15), new Uint8Array(4)]);
});

Deno.test("LineSplitter gives up a line that is too long, and goes on with the next", () => {
  const splitter = new LineSplitter();
  const part = encodeLatin1("x".repeat(60_000));
  let lines: (Uint8Array | null)[] = [];
  for (let i = 0; i < 200; i++) lines = lines.concat([...splitter.take(part.slice())]);
  assert.deepEqual(lines, []);
  assert.equal(splitter.unfinished.length, 0, "12 MB without a line's end are not kept");
  const texts: (string | null)[] = [];
  for (const line of splitter.take(encodeLatin1("\r\nnext\r\n"))) {
    texts.push(line && decodeLatin1(line));
  }
  assert.deepEqual(texts, [null, "next"]);
});
