import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { targetOf } from "../../scripts/base/base.ts";
import { recordOf } from "../../scripts/base/find_base.ts";
import { PINNED } from "../../scripts/base/pinned.ts";
import { mustRun, run } from "../lab/command.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

const FIND = `
import { targetOf } from ${JSON.stringify(module("base.ts"))};
import { findBase } from ${JSON.stringify(module("find_base.ts"))};
console.log(JSON.stringify(await findBase(targetOf(), ...Deno.args)));`;

function module(name: string): string {
  return new URL(`../../scripts/base/${name}`, import.meta.url).href;
}

/** Something that `deno compile` takes for a base binary. */
async function fakeBase(version = Deno.version.deno): Promise<Uint8Array<ArrayBuffer>> {
  const program = await Deno.readFile("/bin/true");
  return new Uint8Array([
    ...program,
    ...new TextEncoder().encode(`\0Deno/${version}\0${version}+0123456\0`),
  ]);
}

testWith(["python3"], "Deno's own download is the base if it can be had", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  const base = await fakeBase();
  const place = `${path}/cache/dl/release/v${Deno.version.deno}`;
  await Deno.mkdir(place, { recursive: true });
  await Deno.writeFile(`${path}/denort`, base);
  const archive = `${place}/denort-${Deno.build.target}.zip`;
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
    deno: Deno.version.deno,
  });
});

testWith(
  [],
  "the pinned bytes are somebody else's, unless they come as Deno's download",
  async () => {
    const bytes = await fakeBase();
    const target = targetOf();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const pinned = { ...PINNED[target], package: "@scope/some@1.2.3", sha256 };
    const about = { sha256, deno: Deno.version.deno };
    assert.deepEqual(await recordOf({ bytes, origin: "given" }, target, pinned), {
      ...{ origin: "package", package: "@scope/some@1.2.3" },
      ...about,
    });
    const own = await recordOf({ bytes, origin: "download" }, target, pinned);
    assert.deepEqual(own, { origin: "download", ...about });
  },
);

testWith([], "DENORT_BIN comes first, and has to be a base binary", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  const find = (given: string) =>
    run(Deno.execPath(), ["eval", FIND, path], { env: { DENORT_BIN: given } });
  await Deno.writeFile(`${path}/given`, await fakeBase());
  const { stdout } = await find(`${path}/given`);
  assert.equal(JSON.parse(stdout).origin, "given");
  await Deno.writeFile(`${path}/old`, await fakeBase("1.2.3"));
  assert.match((await find(`${path}/old`)).stderr, /is of no use: it is of Deno 1\.2\.3, expected/);
  const foreign = await fakeBase();
  new DataView(foreign.buffer).setUint16(0x12, 243, true);
  await Deno.writeFile(`${path}/foreign`, foreign);
  assert.match((await find(`${path}/foreign`)).stderr, /is of no use: it is for ELF machine 243,/);
  assert.match((await find("/bin/true")).stderr, /\(DENORT_BIN\) is of no use: .*no denort/);
  assert.match((await find(`${path}/none`)).stderr, /DENORT_BIN is ".*none", which cannot be read/);
});
