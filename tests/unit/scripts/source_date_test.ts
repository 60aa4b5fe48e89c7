import assert from "node:assert/strict";
import project from "../../../deno.json" with { type: "json" };
import { sourceDate } from "../../../scripts/build/source_date.ts";

const DATED = `# Changelog\n\n## 99.0.0, 2031-01-01\n\n## ${project.version}, 2030-02-03\n`;

Deno.test("sourceDate takes SOURCE_DATE_EPOCH first", () => {
  assert.equal(sourceDate("1700000000", DATED), 1_700_000_000);
});

Deno.test("sourceDate takes the version's date in the changelog otherwise", () => {
  assert.equal(new Date(sourceDate("", DATED) * 1000).toISOString(), "2030-02-03T00:00:00.000Z");
});

Deno.test("a version without a date has the same one each time", () => {
  const unreleased = `## ${project.version}, unreleased\n`;
  assert.equal(
    new Date(sourceDate("", unreleased) * 1000).toISOString(),
    "2026-01-01T00:00:00.000Z",
  );
});

Deno.test("sourceDate refuses what is no date", () => {
  for (const epoch of ["soon", "-1", "1.5", "4294967296"]) {
    assert.throws(() => sourceDate(epoch, DATED), /SOURCE_DATE_EPOCH is "/);
  }
  assert.throws(() => sourceDate("", "## 99.0.0, 2031-01-01\n"), /has no heading/);
});

Deno.test("the changelog has the version that deno.json has", () => {
  assert(sourceDate("") > 0);
});
