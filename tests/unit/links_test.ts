import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { hasFile, pages, readDocument } from "../lab/documents.ts";

/** Code is no text: what looks like a link or a heading in it is none. */
function withoutCode(page: string): string {
  return page.replace(/^( *)```[^]*?^\1```$/gm, "").replace(
    /(`+)[^`][^]*?\1/g,
    (code) => code.replace(/[\][()]/g, ""),
  );
}

/** The anchors that hosting sites give a page's headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(page).matchAll(/^#+ (.*)$/gm)) {
    const plain = heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    const others = [...anchors].filter((one) => one.replace(/-\d+$/, "") === plain).length;
    anchors.add(others === 0 ? plain : `${plain}-${others}`);
  }
  return anchors;
}

/** Where a page's links and pictures lead, but for those to other sites. */
function targetsOf(page: string): string[] {
  const text = withoutCode(page);
  return [...text.matchAll(/\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g)].map(([, link, src]) => link ?? src!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Fails if a target does not exist, or has no such heading. */
async function assertLeads(from: string, target: string): Promise<void> {
  const [path, anchor] = target.split("#");
  const file = path === "" ? from : join(dirname(from), path!);
  assert(await hasFile(file), `${from} links to ${target}, which is not there`);
  if (anchor === undefined) return;
  const anchors = anchorsOf(await readDocument(file));
  assert(anchors.has(anchor), `${from} links to ${target}, a heading that is not there`);
}

Deno.test("each link of each page leads somewhere", async () => {
  let links = 0;
  for (const page of await pages()) {
    for (const target of targetsOf(await readDocument(page))) {
      links++;
      await assertLeads(page, target);
    }
  }
  assert(links > 80, "the links were found");
});

Deno.test("docs/README.md leads to each page of docs", async () => {
  const index = targetsOf(await readDocument("docs/README.md"));
  const missing = (await pages()).filter((page) => page.startsWith("docs/"))
    .map((page) => page.slice("docs/".length))
    .filter((page) => page !== "README.md" && !index.includes(page));
  assert.deepEqual(missing, []);
});

/** Each file of TypeScript below a directory. */
async function* sources(directory: string): AsyncGenerator<string> {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL(`../../${directory}`, import.meta.url))
  ) {
    if (isDirectory) yield* sources(`${directory}/${name}`);
    else if (name.endsWith(".ts")) yield `${directory}/${name}`;
  }
}

Deno.test("each page and heading that the program's texts name is there", async () => {
  let named = 0;
  for await (const source of sources("src")) {
    const code = (await readDocument(source)).replace(/\/\*[^]*?\*\//g, "");
    for (const [, page, heading] of code.matchAll(/\b(docs\/[\w-]+\.md)(?:, "([^"]+)")?/g)) {
      named++;
      assert(await hasFile(page!), `${source} names ${page}, which is not there`);
      if (heading === undefined) continue;
      const text = await readDocument(page!);
      assert(text.includes(`# ${heading}\n`), `${source} names a heading that ${page} has not`);
    }
    // Within a pattern, it is the name of other files.
    assert.doesNotMatch(
      code,
      /(?<!\^)\bREADME\b/,
      `${source} names the README, which is for beginners`,
    );
  }
  assert(named >= 5, "the names were found");
});
