import assert from "node:assert/strict";
import fc from "fast-check";
import { insertion, splitLine } from "../../../../src/admin/completion/bash_line.ts";
import { holds } from "../../../lab/fuzz.ts";
import { run } from "../../../lab/command.ts";
import { testWith } from "../../../lab/requirements.ts";

Deno.test("splitLine reads words as bash does, and expands nothing", () => {
  const cases: [line: string, words: string[]][] = [
    ["", [""]],
    ["a b", ["a", "b"]],
    ["a  b ", ["a", "b", ""]],
    ["a 'b c' d\\ e", ["a", "b c", "d e"]],
    ['a "b \\" $x \\y"', ["a", 'b " $x \\y']],
    ["'a'\"b\"c", ["abc"]],
    ["a 'b c", ["a", "b c"]],
    ["$(id) `id`", ["$(id)", "`id`"]],
    ["a ''", ["a", ""]],
  ];
  for (const [line, words] of cases) {
    assert.deepEqual(splitLine(line).map(({ value }) => value), words, line);
  }
});

Deno.test("insertion continues where readline's word begins", () => {
  const cases: [
    value: string,
    raw: string,
    end: string,
    text: string | null,
  ][] = [
    ["ali ce", "al", "al", "ali\\ ce"],
    ["ali ce", "'al", "al", "ali ce"],
    ["it's", "'i", "i", "it'\\''s"],
    ["a$b", '"a', "a", "a\\$b"],
    ["a!b", '"a', "a", null],
    ["user@example", "user@ex", "@ex", "@example"],
    ["--sort=user", "--sort=us", "us", "user"],
    ["other", "user@", "@", null],
  ];
  for (const [value, raw, end, text] of cases) {
    assert.equal(insertion(value, raw, end), text, raw);
  }
});

testWith(["bash"], "bash reads an insertion as the value", async () => {
  const value = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .filter((text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text));
  const pairs = fc.sample(
    fc.tuple(value, fc.constantFrom("", "'", '"')),
    { numRuns: 500, seed: 1 },
  ).filter(([value, quote]) => quote !== '"' || !value.includes("!"));
  const lines = pairs.map(([value, quote]) =>
    `printf '%s\\n' ${quote}${insertion(value, quote, "")!}${quote}\n`
  );
  const { stdout, stderr } = await run("bash", ["--norc"], {
    stdin: lines.join(""),
    env: { LC_ALL: "C.UTF-8" },
  });
  assert.equal(stderr, "");
  assert.deepEqual(stdout.split("\n").slice(0, -1), pairs.map(([v]) => v));
});

Deno.test("splitLine reads back what insertion wrote", () => {
  const quote = fc.constantFrom("", "'", '"');
  holds(fc.property(fc.string({ unit: "grapheme" }), quote, (value, quote) => {
    const text = insertion(value, quote, "");
    if (text === null || value === "") return;
    assert.deepEqual(
      splitLine(`${quote}${text}${quote}`).map((word) => word.value),
      [value],
    );
  }));
});
