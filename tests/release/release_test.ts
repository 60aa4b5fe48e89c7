import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Base, targetOf } from "../../scripts/base/base.ts";
import { findBase } from "../../scripts/base/find_base.ts";
import { bundle } from "../../scripts/build/bundle.ts";
import { sourceDate } from "../../scripts/build/source_date.ts";
import { MAINTAINER } from "../../scripts/release/about.ts";
import { componentsOf } from "../../scripts/release/components.ts";
import { namesOf } from "../../scripts/release/names.ts";
import { pack, sha256OfFile } from "../../scripts/release/packing.ts";
import project from "../../deno.json" with { type: "json" };
import { mustRun, run } from "../lab/command.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { requireSbom } from "../lab/sbom.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OPTIONS = ["--third-party-base", "--compression", "1"];

/** Builds and packs in another place, as if on another machine, but with this one's downloads. */
async function releaseElsewhere(path: string): Promise<string> {
  const clone = `${path}/another place/and deeper/clone`;
  const { denoDir } = JSON.parse(await mustRun(Deno.execPath(), ["info", "--json"]));
  await Deno.symlink(denoDir, `${path}/cache`);
  for (const directory of [clone, `${path}/tmp`]) await Deno.mkdir(directory, { recursive: true });
  await mustRun("sh", [
    ...["-c", 'tar -C "$0" --exclude=.git --exclude=./dist -cf - . | tar -C "$1" -xmf -'],
    ...[ROOT, clone],
  ]);
  const release = () =>
    run("sh", [
      ...["-c", 'umask 077; exec "$0" run -A scripts/release.ts "$@"', Deno.execPath(), ...OPTIONS],
    ], {
      cwd: clone,
      env: {
        ...{ DENO_DIR: `${path}/cache`, TMPDIR: `${path}/tmp`, TZ: "Asia/Kathmandu" },
        ...{ LANG: "tr_TR.UTF-8", LC_ALL: "C", USER: "somebody", HOSTNAME: "elsewhere" },
      },
    });
  // A link in the place of the result is refused before anything is built.
  await Deno.mkdir(`${clone}/dist`);
  await Deno.symlink("/etc", `${clone}/dist/release`);
  assert.match((await release()).stderr, /^release: .*dist\/release is no directory/);
  await Deno.remove(`${clone}/dist/release`);
  const { status, stderr } = await release();
  assert.equal(status, 0, stderr);
  assert.deepEqual([...Deno.readDirSync(`${path}/tmp`)], [], "temporary files are left");
  return `${clone}/dist/release`;
}

/** Packs the program under test. */
async function releaseHere(path: string): Promise<{ names: string[]; base: Base }> {
  const made = `${path}/made`;
  for (const directory of [made, `${path}/here`]) await Deno.mkdir(directory);
  const target = targetOf();
  const { version } = project;
  const { path: _, ...base } = await findBase(target, made);
  const components = await componentsOf(
    await bundle(made),
    await Deno.readTextFile(`${ROOT}deno.lock`),
  );
  const names = await pack({
    program: PROGRAM,
    contents: {
      ...{ version, target, base, components, date: sourceDate() },
      sha256: await sha256OfFile(PROGRAM),
    },
    names: namesOf(version, target, base),
    ...{ maintainer: MAINTAINER, compression: 1 },
  }, `${path}/here`);
  return { names, base: { ...base, path: "" } };
}

testWith(
  ["dpkg", "rpmbuild"],
  "a release that is made elsewhere has the same bytes, and a bill of what is in it",
  async () => {
    await using directory = await makeTestDirectory();
    const { path } = directory;
    const { names, base } = await releaseHere(path);
    const elsewhere = await releaseElsewhere(path);
    assert.deepEqual([...Deno.readDirSync(elsewhere)].map(({ name }) => name).sort(), names.sort());
    for (const name of names) {
      assert.equal(
        await sha256OfFile(`${elsewhere}/${name}`),
        await sha256OfFile(`${path}/here/${name}`),
        name,
      );
    }
    await mustRun("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: elsewhere });
    const sbom = names.find((name) => name.endsWith(".cdx.json"))!;
    await requireSbom(await Deno.readTextFile(`${elsewhere}/${sbom}`), base);
  },
);
