import assert from "node:assert/strict";
import fc from "fast-check";
import { foldedName } from "../../../src/core/username.ts";
import { similarNames } from "../../../src/core/similar_names.ts";
import { anyText, holds } from "../../lab/fuzz.ts";

/** Names that fold to the same, by the first one. */
const SAME: Record<string, readonly string[]> = {
  alice: [
    ...["Alice", "ALICE", "alice ", " alice", "\talice\n", "\u00a0alice\u3000", "\x85alice"],
    // Full-width and mathematical letters, and what has no glyph (RFC 4518, section 2.2).
    ...["ＡＬＩＣＥ", "\u{1d41a}lice", "ali\u00adce", "al\u200bice", "\ufeffalice", "a\u2060lice"],
    ...["alice\u{e0001}", "al\ufe0fice", "\u202ealice", "a\0lice", "ali\ufffcce"],
    // Letters whose capital, or whose small letter, is ASCII; accents.
    ...["alıce", "ALİCE", "àlicé", "alice\u0301", "a\u030alice"],
  ],
  kiss: ["\u212aiss", "ki\u017f\u017f", "kiß", "KI\u1e9e"],
  "ann lee": ["Ann  Lee", "ann\tlee", "ann\u2003lee ", "ann \u2028 lee"],
  "σισυφοσ": ["ΣΙΣΥΦΟΣ", "σισυφος"],
  "αι": ["ᾳ", "ᾼ", "ΑΙ"],
  strasse: ["STRASSE", "Straße"],
  fine: ["ﬁne", "FINE"],
};

Deno.test("foldedName overlooks case, form, blanks, accents, and what nobody sees", () => {
  for (const [folded, names] of Object.entries(SAME)) {
    for (const name of [folded, ...names]) {
      assert.equal(foldedName(name), folded, JSON.stringify(name));
    }
  }
});

Deno.test("foldedName keeps different letters, digits and punctuation apart", () => {
  const names = [
    "alice",
    "allce",
    "al1ce",
    "alice2",
    "a.lice",
    "a-lice",
    "a_lice",
    "al ice",
    "бob",
  ];
  assert.equal(new Set(names.map(foldedName)).size, names.length);
});

Deno.test("foldedName gives each character in each of its forms the same", () => {
  // No character beyond has forms.
  for (let point = 0; point < 0x20000; point++) {
    const name = `a${String.fromCodePoint(point)}b`;
    const folded = foldedName(name);
    const forms = [name.toUpperCase(), name.toLowerCase(), name.normalize("NFKD"), folded];
    if (forms.some((form) => foldedName(form) !== folded)) assert.fail(JSON.stringify(name));
  }
});

Deno.test("foldedName comes to an end, and leaves its own result as it is", () => {
  holds(
    fc.property(anyText, (text) => {
      const folded = foldedName(text);
      assert.equal(foldedName(folded), folded);
      assert.equal(foldedName(` ${text.toUpperCase()}\t`), folded);
    }),
    1000,
  );
});

Deno.test("similarNames finds what a directory could take for the same user", () => {
  const enrolled = ["alice", "Bob", "carol@example.org", "EXAMPLE\\dave", "søren", "ann lee"];
  const found: Record<string, readonly string[]> = {
    alice: ["alice"],
    "ALICE ": ["alice"],
    "alicé": ["alice"],
    "alice@example.org": ["alice"],
    "EXAMPLE\\Alice": ["alice"],
    "EXAMPLE/alice": ["alice"],
    "EXAMPLE+alice": ["alice"],
    "alice%example": ["alice"],
    "EXAMPLE\\alice@example.org": ["alice"],
    bob: ["Bob"],
    carol: ["carol@example.org"],
    "Carol@other.example": ["carol@example.org"],
    "dave@example.org": ["EXAMPLE\\dave"],
    soren: ["søren"],
    "SØREN": ["søren"],
    "Ann  Lee": ["ann lee"],
    al: [],
    "alice2": [],
    annlee: [],
    "@": [],
    "": [],
  };
  for (const [name, names] of Object.entries(found)) {
    assert.deepEqual(similarNames(enrolled, [name]), names, name);
  }
  assert.deepEqual(similarNames(enrolled, ["x", "BOB", "alice"]), ["alice", "Bob"]);
  assert.deepEqual(similarNames(["@", "\u200b", "x\\"], ["\\", ""]), ["\u200b"]);
});
