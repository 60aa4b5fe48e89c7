/**
 * `deno task reference` puts into the pages of docs what the code says about itself: the tables
 * between `<!-- reference: NAME -->` and `<!-- end of reference -->` (scripts/reference/blocks.ts).
 * It also draws each text in docs/pictures (scripts/reference/sequence.ts) as a picture beside it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { filled } from "./reference/blocks.ts";
import { readSequence } from "./reference/sequence.ts";
import { sequencePicture } from "./reference/sequence_picture.ts";

const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));
const PICTURES = `${DOCS}pictures/`;

async function write(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  Deno.stderr.writeSync(new TextEncoder().encode(`reference: wrote ${path.slice(DOCS.length)}\n`));
}

for (const { name } of Deno.readDirSync(DOCS)) {
  if (!name.endsWith(".md")) continue;
  const page = await Deno.readTextFile(DOCS + name);
  const now = filled(page);
  if (now !== page) await write(DOCS + name, now);
}

for (const { name } of Deno.readDirSync(PICTURES)) {
  if (!name.endsWith(".txt")) continue;
  const text = await Deno.readTextFile(PICTURES + name);
  const picture = sequencePicture(readSequence(text));
  await write(PICTURES + name.replace(/txt$/, "svg"), picture);
}
