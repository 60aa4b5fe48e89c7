import assert from "node:assert/strict";

const ENGINE = new URL("../../../../src/store/postgres/", import.meta.url);

/** Comments, whose lines may begin with a star. */
const COMMENTS = /\/\*[^]*?\*\/|^ *\/\/.*$/gm;

/** A star in the place of columns: a list's, a table's, or of what a statement gives back. */
const ALL_COLUMNS = /\b(?:SELECT|RETURNING|DISTINCT|ALL)\s+\*|\.\*|,\s*\*/gi;

/** As short as it can be written: `TABLE name` gives all columns, too. */
const WHOLE_TABLE = /(?:^|[("'`;]|\bAS)\s*TABLE\s+[a-z$]/gim;

Deno.test("statements on PostgreSQL name each column that they read", () => {
  const files = [...Deno.readDirSync(ENGINE)].filter(({ name }) => name.endsWith(".ts"));
  assert(files.length > 20);
  for (const { name } of files) {
    const code = Deno.readTextFileSync(new URL(name, ENGINE)).replaceAll(COMMENTS, "");
    assert.deepEqual(code.match(ALL_COLUMNS) ?? [], [], name);
    assert.deepEqual(code.match(WHOLE_TABLE) ?? [], [], name);
  }
});
