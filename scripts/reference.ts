/**
 * `deno task reference` puts into the pages of docs what the code says about itself: the tables
 * between `<!-- reference: NAME -->` and `<!-- end of reference -->` (scripts/reference/blocks.ts).
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { filled } from "./reference/blocks.ts";

const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));

for (const { name } of Deno.readDirSync(DOCS)) {
  if (!name.endsWith(".md")) continue;
  const page = await Deno.readTextFile(DOCS + name);
  const now = filled(page);
  if (now === page) continue;
  await Deno.writeTextFile(DOCS + name, now);
  Deno.stderr.writeSync(new TextEncoder().encode(`reference: wrote docs/${name}\n`));
}
