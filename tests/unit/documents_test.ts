import assert from "node:assert/strict";
import { FINDINGS } from "../../src/server_setup/doctor/finding_ids.ts";
import { COMMON_PARAMETERS } from "../../src/core/totp_parameters.ts";
import { REASONS } from "../../src/core/verdict.ts";
import { chancesPerDay, oddsOf } from "../../src/server_setup/doctor/guessing_check.ts";
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
  const { known, unknown } = chancesPerDay(lockout, COMMON_PARAMETERS.digits, driftSteps);
  const sentence = `guesses a code of six digits with odds of ${oddsOf(unknown)} a day, or ` +
    `${oddsOf(known)} from a network that the user logs in from`;
  assert(readme.includes(sentence), sentence);
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
