import assert from "node:assert/strict";
import { packagesIn } from "../../../scripts/build/bundle.ts";
import { makeTestDirectory } from "../../lab/program.ts";

Deno.test("a bundle's packages are known by what Deno writes in front of their modules", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  const line = (name: string) => `// node_modules/.deno/x@1/node_modules/${name}/index.js\n`;
  await Deno.writeTextFile(`${path}/main.js`, "// main.ts\n");
  await assert.rejects(packagesIn(path), /names none of the npm packages in the bundle/);
  await Deno.writeTextFile(`${path}/part.js`, line("uqr") + line("@scope/name") + line("uqr"));
  assert.deepEqual(await packagesIn(path), ["@scope/name", "uqr"]);
});
