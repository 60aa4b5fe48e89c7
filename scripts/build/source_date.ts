import project from "../../deno.json" with { type: "json" };

/** The day that stands for the date of a version that has none yet. */
const UNRELEASED = "2026-01-01";

/** The changelog, whose headings are `## VERSION, DATE`; the date of the next one is "unreleased". */
const CHANGELOG = new URL("../../CHANGELOG.md", import.meta.url);

/**
 * The date of all that is built, in seconds since 1970: SOURCE_DATE_EPOCH, otherwise that of the
 * version in the changelog. It is part of the sources, so that a build of them is the same anywhere.
 *
 * @throws Error if SOURCE_DATE_EPOCH is no number of seconds, or the changelog has another form
 */
export function sourceDate(
  epoch = Deno.env.get("SOURCE_DATE_EPOCH"),
  changelog = Deno.readTextFileSync(CHANGELOG),
): number {
  if (epoch) {
    // Two archives' formats end with the 32 bits of 2106.
    if (/^\d{1,10}$/.test(epoch) && Number(epoch) < 2 ** 32) return Number(epoch);
    throw new Error(
      `SOURCE_DATE_EPOCH is "${epoch}", expected seconds since 1970, below ${2 ** 32}`,
    );
  }
  const day = dayOf(project.version, changelog);
  return Date.parse(day === "unreleased" ? UNRELEASED : day) / 1000;
}

/** The date in a version's heading. */
function dayOf(version: string, changelog: string): string {
  for (const [, found, day] of changelog.matchAll(/^## (\S+), (\d{4}-\d\d-\d\d|unreleased)$/gm)) {
    if (found === version && day !== undefined) return day;
  }
  throw new Error(
    `CHANGELOG.md has no heading "## ${version}, YYYY-MM-DD" (or "unreleased") for the version ` +
      "in deno.json",
  );
}
