import assert from "node:assert/strict";
import { BLOCKS, blocksOf, filled } from "../../scripts/reference/blocks.ts";
import { readSequence } from "../../scripts/reference/sequence.ts";
import { sequencePicture } from "../../scripts/reference/sequence_picture.ts";
import { COMMON_PARAMETERS } from "../../src/core/totp_parameters.ts";
import { chancesPerDay, oddsOf } from "../../src/server_setup/doctor/guessing_check.ts";
import { readSettings } from "../../src/settings.ts";
import { pages, readDocument } from "../lab/documents.ts";

Deno.test("the tables in the pages are as deno task reference makes them", async () => {
  for (const page of await pages()) {
    const text = await readDocument(page);
    assert.equal(text, filled(text), `${page} is out of date: run scripts/deno task reference`);
  }
});

Deno.test("docs/pictures/login.svg is as deno task reference draws it", async () => {
  const drawn = sequencePicture(readSequence(await readDocument("docs/pictures/login.txt")));
  assert.equal(await readDocument("docs/pictures/login.svg"), drawn);
});

Deno.test("a line that is no message between two of the parts is refused", () => {
  for (const line of ["A -> C: words", "A > B: words", "A -> B"]) {
    assert.throws(() => readSequence(`parts: A, B\n${line}`), /is not A -> B: WORDS .* A, B/);
  }
});

Deno.test("each table that is made from the code stands on one page", async () => {
  const texts = await Promise.all((await pages()).map(readDocument));
  assert.deepEqual(texts.flatMap(blocksOf).toSorted(), Object.keys(BLOCKS).toSorted());
});

Deno.test("a page with a table that nobody makes is refused", () => {
  const page = "<!-- reference: odds -->\n\n<!-- end of reference -->\n";
  assert.throws(() => filled(page), /there is no block "odds"/);
});

Deno.test("docs/users.md states the odds of guessing a code as the rules give them", async () => {
  const page = (await readDocument("docs/users.md")).replace(/\s+/g, " ");
  const { lockout, driftSteps } = readSettings(() => undefined);
  const { known, unknown } = chancesPerDay(lockout, COMMON_PARAMETERS.digits, driftSteps);
  const sentence = `guesses a code of six digits with odds of ${oddsOf(unknown)} a day, or ` +
    `${oddsOf(known)} from a network that the user logs in from`;
  assert(page.includes(sentence), sentence);
});

Deno.test("the documents cite tests that exist", async () => {
  const security = await readDocument("docs/SECURITY.md");
  const named = security.matchAll(
    /`((?:unit|contract|cli|pam|openvpn)\/[\w/]+\.ts)`((?:,? "[^"]+")*)/g,
  );
  let count = 0;
  for (const [, path, titles] of named) {
    const test = (await readDocument(`tests/${path}`)).replace(/\s+/g, " ");
    for (const [, title] of titles!.matchAll(/"([^"]+)"/g)) {
      assert(test.includes(title!), `${path} has no test "${title}"`);
      count++;
    }
  }
  assert(count > 15, "the table was read");
});

Deno.test("docs/performance.md has the table of hook calls", async () => {
  const page = await readDocument("docs/performance.md");
  for (const call of ["right password", "right code", "wrong password"]) {
    assert.match(page, new RegExp(`^\\| ${call}.* ms.* ms`, "m"));
  }
});

Deno.test("pages for builders name the Deno that scripts/deno takes", async () => {
  const [, version] = (await readDocument("scripts/deno")).match(/OVTOTP_DENO:-([\d.]+)/)!;
  for (const page of ["README.md", "CONTRIBUTING.md"]) {
    assert((await readDocument(page)).includes(`Deno ${version}`), page);
  }
});

Deno.test("the README can be read in one sitting", async () => {
  const lines = (await readDocument("README.md")).split("\n").length;
  assert(lines <= 230, `it has ${lines} lines: move what a first set-up does not need to docs`);
});

Deno.test("no page has a placeholder", async () => {
  for (const page of await pages()) {
    assert.doesNotMatch(await readDocument(page), /^[A-Z]{4,}$|TODO|XXX/m, page);
  }
});

Deno.test("docs/dependencies.md names the packages of the lock file, and no others", async () => {
  const { npm } = JSON.parse(await readDocument("deno.lock"));
  const locked = Object.keys(npm).map((name) => name.match(/^(@?[^@]+)@/)![1]!)
    // The builds of esbuild for each system.
    .filter((name) => !name.startsWith("@esbuild/"));
  const page = await readDocument("docs/dependencies.md");
  const named = [...page.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(named.toSorted(), [...new Set(locked)].toSorted());
});
