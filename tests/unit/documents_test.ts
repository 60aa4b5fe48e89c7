import assert from "node:assert/strict";
import { FINDINGS } from "../../src/server_setup/doctor/finding.ts";
import { chanceOfGuessing, guessesPerDay } from "../../src/core/guesses_per_day.ts";
import { COMMON_PARAMETERS } from "../../src/core/totp_parameters.ts";
import { REASONS } from "../../src/core/verdict.ts";
import { oddsOf } from "../../src/server_setup/doctor/guessing_check.ts";
import { readSettings, SETTINGS } from "../../src/settings.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));

Deno.test("the README lists every setting as the program has it", async () => {
  const rows = (await read("README.md")).split("\n")
    .map((row) => row.replace(/ +/g, " ").trim());
  for (
    const { name, allowed, meaning, ...setting } of Object.values(SETTINGS)
  ) {
    const byDefault = setting.default.includes("`") ? setting.default : `\`${setting.default}\``;
    const row = `| \`${name}\` | ${byDefault} | ${allowed} | ${meaning} |`;
    assert(rows.includes(row), `the README has no row ${row}`);
  }
});

Deno.test("the README lists every reason for a refusal", async () => {
  const readme = await read("README.md");
  for (const reason of Object.keys(REASONS)) {
    const row = new RegExp(`^\\|.*\`${reason}\`.*\\|`, "m");
    assert(row.test(readme), `the README has no row for ${reason}`);
  }
});

Deno.test("the README lists every finding of doctor", async () => {
  const rows = (await read("README.md")).split("\n")
    .map((row) => row.replace(/ +/g, " ").trim());
  for (const [id, meaning] of Object.entries(FINDINGS)) {
    const row = `| \`${id}\` | ${meaning} |`;
    assert(rows.includes(row), `the README has no row ${row}`);
  }
});

Deno.test("the README states the odds of guessing a code as the rules give them", async () => {
  const readme = (await read("README.md")).replace(/\s+/g, " ");
  const { lockout, driftSteps } = readSettings(() => undefined);
  const guesses = guessesPerDay(lockout);
  const odds = oddsOf(chanceOfGuessing(guesses, COMMON_PARAMETERS.digits, driftSteps));
  assert(readme.includes(`can try at most ${guesses} codes a day`), `${guesses} codes a day`);
  assert(readme.includes(`one of six digits with odds of ${odds} a day`), odds);
});

Deno.test("the documents cite tests that exist", async () => {
  const security = await read("docs/SECURITY.md");
  const named = security.matchAll(
    /`((?:unit|contract|cli|pam|openvpn)\/[\w/]+\.ts)`((?:,? "[^"]+")*)/g,
  );
  let count = 0;
  for (const [, path, titles] of named) {
    const test = (await read(`tests/${path}`)).replace(/\s+/g, " ");
    for (const [, title] of titles!.matchAll(/"([^"]+)"/g)) {
      assert(test.includes(title!), `${path} has no test "${title}"`);
      count++;
    }
  }
  assert(count > 15, "the table was read");
});

Deno.test("the README has the benchmark's table, and no placeholders", async () => {
  const readme = await read("README.md");
  for (const call of ["right password", "right code", "wrong password"]) {
    assert.match(readme, new RegExp(`^\\| ${call}.* ms.* ms`, "m"));
  }
  assert.doesNotMatch(readme, /^[A-Z]{4,}$|TODO|XXX/m);
});
