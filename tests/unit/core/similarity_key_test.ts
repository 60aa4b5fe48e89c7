import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { similarityKey, similarNames } from "../../../src/core/similar_names.ts";
import { foldedName } from "../../../src/core/username.ts";
import { anyText, holds } from "../../lab/fuzz.ts";

/** As `similarNames` compares letters. */
const { compare } = new Intl.Collator("en", { usage: "search", sensitivity: "base" });

/** Some four planes hold all that Unicode has, but for private characters. */
const CHARACTERS = Array.from({ length: 0x40000 }, (_, code) => String.fromCodePoint(code))
  .filter((character) => character.isWellFormed());

/** What may come with a name would be cut off. */
const SEPARATOR = /[@%\\/+]/;

/** Folded characters by rank; those in a row that are ranked alike may be taken for one another. */
const RANKED = [...new Set(CHARACTERS.map(foldedName))]
  .filter((folded) => folded !== "" && !SEPARATOR.test(folded))
  .sort(compare);

/** Pairs of characters that are ranked alike. */
const ALIKE = RANKED.flatMap((character, i): [string, string][] =>
  i > 0 && compare(RANKED[i - 1]!, character) === 0 ? [[RANKED[i - 1]!, character]] : []
);

/** Characters that are ranked like nothing. */
const WITHOUT_RANK = RANKED.filter((character) => compare(character, "") === 0);

Deno.test("similarityKey is the bare name where that is ASCII", () => {
  for (const name of ["alice", "ALICE ", "Alice@example.org", "EXAMPLE\\alice", "àlice"]) {
    assert.equal(similarityKey(name), "alice", name);
  }
  assert.equal(similarityKey("l.-_2 2"), "l.-_2 2");
});

Deno.test("similarityKey tells names in many scripts apart, and gives one key to similar ones", () => {
  const keys: Record<string, string[]> = {
    jorgen: ["jørgen", "JØRGEN", "jorgen@example.org"],
    strasse: ["straße", "Strasse"],
    oeuvre: ["œuvre"],
    "иван": ["Иван", "иван@example.org"],
    "елка": ["ёлка"],
    "あ": ["ア", "あ"],
    "שלומ": ["שלום"],
    "~": ["\u{1f600}", "\u{1f601}"],
  };
  for (const [key, names] of Object.entries(keys)) {
    for (const name of names) assert.equal(similarityKey(name), key, name);
  }
});

Deno.test("similarityKey is the same of characters that are ranked alike", () => {
  assert(ALIKE.length > 1500, `${ALIKE.length}`);
  for (const [one, other] of ALIKE) {
    assert.equal(similarityKey(one), similarityKey(other), `${one} ${other}`);
  }
});

Deno.test("similarityKey is the same of similar names", () => {
  // constantFrom() would take them as arguments, which they are too many for.
  const ranked = fc.nat(RANKED.length - 1).map((i) => RANKED[i]!);
  const same = ranked.map((one): [string, string] => [one, one]);
  const extra = fc.constantFrom(...WITHOUT_RANK);
  const pair = fc.oneof(
    fc.constantFrom(...ALIKE),
    same,
    extra.map((one): [string, string] => [one, ""]),
    extra.map((one): [string, string] => ["", one]),
  );
  let similar = 0;
  holds(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 6 }), (pairs) => {
      const [one, other] = [0, 1].map((side) => pairs.map((pair) => pair[side]).join(""));
      if (similarNames([one!], [other!]).length === 0) return;
      similar++;
      assert.equal(similarityKey(one!), similarityKey(other!));
    }),
    20_000,
  );
  assert(similar > 15_000, `${similar}`);
});

Deno.test("similarityKey is the same of a name and its folded name", () => {
  holds(
    fc.property(anyText, (text) => {
      assert.equal(similarityKey(text), similarityKey(foldedName(text)));
    }),
    1000,
  );
});

Deno.test("similarityKey is what stored keys were made with", () => {
  const hash = createHash("sha256");
  for (const character of CHARACTERS) hash.update(`${similarityKey(character)}\n`);
  const advice =
    "the rule changed, or the runtime's Unicode: add a migration that makes the keys of " +
    "all users anew (VERSION_WITH_NAMES in store/sqlite/migrations.ts), then change this digest";
  assert.equal(
    hash.digest("hex"),
    "f75738740391da41bd5fd36204a22cb943c1dd3e407b75bff3cd37fda4601243",
    advice,
  );
});
