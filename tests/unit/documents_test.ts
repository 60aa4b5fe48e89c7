import assert from "node:assert/strict";
import { REASONS } from "../../src/core/verdict.ts";
import { SETTINGS } from "../../src/settings.ts";

const read = (path: string) =>
  Deno.readTextFile(new URL(`../../${path}`, import.meta.url));

Deno.test("the README has every setting with its default", async () => {
  const rows = (await read("README.md")).split("\n");
  for (const setting of Object.values(SETTINGS)) {
    const row = rows.find((row) => row.startsWith(`| \`${setting.name}\``));
    assert(row, setting.name);
    assert(row.includes(setting.default), row);
  }
});

Deno.test("the README has every reason for a refusal", async () => {
  const readme = await read("README.md");
  for (const reason of Object.keys(REASONS)) {
    const row = new RegExp(`^\\|.*\`${reason}\`.*\\|`, "m");
    assert(row.test(readme), `the README has no row for ${reason}`);
  }
});

Deno.test("the documents name tests that are there", async () => {
  const security = await read("docs/SECURITY.md");
  const named = security.matchAll(
    /`((?:unit|cli|pam|openvpn)\/[\w/]+\.ts)`((?:,? "[^"]+")*)/g,
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
