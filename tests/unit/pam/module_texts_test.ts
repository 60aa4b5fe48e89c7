import assert from "node:assert/strict";
import fc from "fast-check";
import { ModuleTexts } from "../../../src/pam/module_texts.ts";
import { UNPRINTABLE } from "../../../src/text/printable.ts";
import { anyText, holds } from "../../lab/fuzz.ts";

const utf8 = new TextEncoder();

/** What is kept of texts. */
function keptOf(texts: readonly (string | Uint8Array<ArrayBuffer>)[], password?: string): string[] {
  const kept = new ModuleTexts();
  for (const text of texts) {
    const bytes = typeof text === "string" ? utf8.encode(text) : text;
    kept.add(bytes, password === undefined ? null : utf8.encode(password));
  }
  return [...kept.said];
}

Deno.test("ModuleTexts keeps what modules say, on one line each", () => {
  assert.deepEqual(keptOf(["Locked.\n", "  (10 minutes\tleft)  ", " \n", "Bye"]), [
    "Locked.",
    "(10 minutes left)",
    "Bye",
  ]);
  assert.deepEqual(keptOf([new Uint8Array([0x61, 0xff])]), ["a\ufffd"]);
});

Deno.test("ModuleTexts keeps no text that repeats the password", () => {
  const password = "c0rrect  horse";
  const texts = [`${password} is wrong`, "no", `you typed:\n${password}`, password];
  assert.deepEqual(keptOf(texts, password), ["no"]);
  assert.deepEqual(keptOf(["c0rrect hors"], password), ["c0rrect hors"]);
  // Where the text would be cut, too.
  assert.deepEqual(keptOf(["x".repeat(95) + password], password), []);
  assert.deepEqual(keptOf(["a\tb"], "a b"), []);
  assert.deepEqual(keptOf(["said"], ""), ["said"]);
});

Deno.test("ModuleTexts bounds what it keeps, and lets nothing act on a terminal", () => {
  holds(fc.property(fc.array(anyText), fc.string(), (texts, password) => {
    const kept = keptOf(texts, password);
    assert(kept.length <= 3);
    for (const text of kept) {
      assert.doesNotMatch(text, new RegExp(UNPRINTABLE.source, "u"));
      const isAsSaid = !/\\u\{|…$/.test(text);
      assert(password === "" || !isAsSaid || !text.includes(password));
    }
  }));
  const [long] = keptOf(["\u{1f600}".repeat(5000)]);
  assert.equal(long, "\u{1f600}".repeat(100) + "…");
  assert.deepEqual(keptOf(["\x1b[31m\u202e"]), ["\\u{1b}[31m\\u{202e}"]);
});
