import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mustRun, run } from "../lab/command.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const FIND = `
import { targetOf } from ${JSON.stringify(module("base.ts"))};
import { findBase } from ${JSON.stringify(module("find_base.ts"))};
console.log(JSON.stringify(await findBase(targetOf(), Deno.args[0])));`;

function module(name: string): string {
  return new URL(`../../scripts/base/${name}`, import.meta.url).href;
}

/** Something that `deno compile` takes for a base binary. */
async function fakeBase(): Promise<Uint8Array> {
  const program = await Deno.readFile("/bin/true");
  return new Uint8Array([
    ...program,
    ...new TextEncoder().encode("\0Deno/1.2.3\x001.2.3+0123456\0"),
  ]);
}

testWith(["python3"], "Deno's own download is the base if it can be had", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  const cache = `${path}/cache/dl/release/v${Deno.version.deno}`;
  await Deno.mkdir(cache, { recursive: true });
  const base = await fakeBase();
  await Deno.writeFile(`${path}/denort`, base);
  const archive = `${cache}/denort-${Deno.build.target}.zip`;
  await mustRun("python3", ["-m", "zipfile", "-c", archive, `${path}/denort`]);
  const found = JSON.parse(
    await mustRun(Deno.execPath(), ["eval", FIND, path], {
      env: { DENO_DIR: `${path}/cache`, DENORT_BIN: "" },
    }),
  );
  assert.deepEqual(found, {
    origin: "download",
    path: `${path}/denort`,
    sha256: createHash("sha256").update(base).digest("hex"),
    deno: "1.2.3",
  });
});

testWith([], "DENORT_BIN comes first, and has to be a base binary", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  const find = (given: string) =>
    run(Deno.execPath(), ["eval", FIND, path], { env: { DENORT_BIN: given } });
  await Deno.writeFile(`${path}/given`, await fakeBase());
  const { stdout } = await find(`${path}/given`);
  assert.equal(JSON.parse(stdout).origin, "given");
  assert.match((await find("/bin/true")).stderr, /\(DENORT_BIN\) is of no use: .*no denort/);
  assert.match((await find(`${path}/none`)).stderr, /DENORT_BIN is ".*none", which cannot be read/);
});
