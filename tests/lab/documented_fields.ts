import assert from "node:assert/strict";

const README = new URL("../../README.md", import.meta.url);

/** The fields that a command prints with `--json`, in order, according to the README's table. */
export async function documentedFields(command: string): Promise<string[]> {
  const [, table] = (await Deno.readTextFile(README)).split("## In scripts\n");
  const row = table!.split("\n").map((line) => line.split("|"))
    .find(([, commands]) => commands?.includes(`\`${command}\``));
  assert(row, `the README has no row for ${command}`);
  return row[2]!.matchAll(/`(\w+)`/g).map(([, field]) => field!).toArray();
}
