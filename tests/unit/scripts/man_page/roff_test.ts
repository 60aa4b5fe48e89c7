import assert from "node:assert/strict";
import { literal, prose, tagged, usage, verbatim } from "../../../../scripts/man_page/roff.ts";
import { mustRun } from "../../../lab/command.ts";
import { testWith } from "../../../lab/requirements.ts";

/** Texts that roff could take for something else. */
const HOSTILE = [
  ".so /etc/passwd",
  "'so /etc/passwd",
  "\\*[x] \\fBa\\n",
  "--option -x a-b",
  "it's `x` ^~\"",
  "zoë … 山 👍",
  '.\\" not a comment',
];

Deno.test("roff treats no part of a text as a request", () => {
  assert.equal(literal(".so x"), "\\&.so x");
  assert.equal(literal("\\fB-"), "\\(rsfB\\-");
  assert.equal(prose("a `-x` b"), "a \\fB\\-x\\fR b");
  assert.equal(usage("--db <path>"), "\\fB\\-\\-db \\fR\\fIpath\\fR");
  const long = prose(`${"word ".repeat(15)}aa .so x`);
  assert.match(long, /\n?\\&\.so|a \.so/);
  for (const line of long.split("\n")) assert.doesNotMatch(line, /^[.']/);
});

testWith(["groff"], "groff shows each text as it was", async () => {
  const page = [
    '.TH X 8 2026-01-31 "x"',
    ".SH NAME",
    "x \\- y",
    ".SH TEXT",
    verbatim(HOSTILE),
    ...HOSTILE.map((text) => tagged(literal(text), text.replaceAll("`", ""))),
    "",
  ].join("\n");
  const shown = await mustRun("groff", ["-man", "-ww", "-Tutf8", "-P-cbou"], {
    stdin: page,
  });
  for (const text of HOSTILE) assert(shown.includes(text), text);
});
