import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sha256OfFile } from "../../scripts/release/packing.ts";
import { mustRun, run, type RunOptions } from "../lab/command.ts";
import { makeTestDirectory, PROGRAM, type TestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { requireSbom } from "../lab/sbom.ts";
import { makeSmallRoot } from "../lab/small_root.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OPTIONS = ["--third-party-base", "--compression", "1"];

/** Packs a small file as the program. */
const PACK = `
import { pack } from "./scripts/release/packing.ts";
import { packingOf } from "./tests/lab/packages.ts";
await pack(packingOf("1.0.0", "LICENSE"), Deno.args[0]);`;

/** Puts a cache in the place of one in which somebody has changed a package that becomes a part. */
const CHANGE_CACHE = `
user=$(readlink "$0")
rm "$0"
mkdir -p "$0/npm"
cd "$user/npm"
cp -a --parents */uqr "$0/npm"
for file in "$0"/npm/*/uqr/*/dist/index.mjs; do echo 'globalThis.changed = true;' >> "$file"; done`;

/** A clone in another place, and how to run things there as if on another machine. */
interface Elsewhere {
  clone: string;
  /** Deno's cache there, a link to this user's. */
  cache: string;
  /** Runs this Deno there. */
  deno(...args: string[]): Promise<{ status: number; stderr: string }>;
}

async function makeElsewhere({ path }: TestDirectory): Promise<Elsewhere> {
  const clone = `${path}/another place/and deeper/clone`;
  const { denoDir } = JSON.parse(await mustRun(Deno.execPath(), ["info", "--json"]));
  const cache = `${path}/cache`;
  await Deno.symlink(denoDir, cache);
  for (const directory of [clone, `${path}/tmp`]) await Deno.mkdir(directory, { recursive: true });
  await mustRun("sh", [
    ...["-c", 'tar -C "$0" --exclude=.git --exclude=./dist -cf - . | tar -C "$1" -xmf -'],
    ...[ROOT, clone],
  ]);
  const options: RunOptions = {
    cwd: clone,
    env: {
      ...{ DENO_DIR: cache, TMPDIR: `${path}/tmp`, TZ: "Asia/Kathmandu" },
      ...{ LANG: "tr_TR.UTF-8", LC_ALL: "C", USER: "somebody" },
      TAR_OPTIONS: "--mode=g+w",
    },
  };
  const deno = (...args: string[]) =>
    run("unshare", [
      ...["--uts", "sh", "-c", 'hostname elsewhere; umask 077; exec "$0" "$@"', Deno.execPath()],
      ...args,
    ], options);
  return { clone, cache, deno };
}

testWith(
  ["root", "unshare", "dpkg", "rpmbuild"],
  "a release that is made elsewhere has the same program, whole packages, and a bill of materials",
  async () => {
    await using directory = await makeTestDirectory();
    const { clone, cache, deno } = await makeElsewhere(directory);
    // A link in the place of the result is refused before anything is built.
    await Deno.mkdir(`${clone}/dist`);
    await Deno.symlink("/etc", `${clone}/dist/release`);
    const refused = await deno("run", "-A", "scripts/release/release.ts", ...OPTIONS);
    assert.match(refused.stderr, /^release: .*dist\/release is no directory/);
    await Deno.remove(`${clone}/dist/release`);

    await mustRun("sh", ["-ec", CHANGE_CACHE, cache]);
    const { status, stderr } = await deno("run", "-A", "scripts/release.ts", ...OPTIONS);
    assert.equal(status, 0, stderr);
    assert.deepEqual([...Deno.readDirSync(`${directory.path}/tmp`)], []);
    const made = `${clone}/dist/release/${Deno.build.arch}`;
    const names = [...Deno.readDirSync(made)].map(({ name }) => name).sort();
    assert.equal(names.length, 6);
    const named = (end: RegExp) => `${made}/${names.find((name) => end.test(name))}`;
    const hash = await sha256OfFile(PROGRAM);
    assert.equal(await sha256OfFile(named(/linux-[^.]*$/)), hash);
    await mustRun("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: made });
    const details = await mustRun(PROGRAM, ["--version", "--verbose"]);
    const sbom = await Deno.readTextFile(named(/cdx\.json$/));
    await requireSbom(sbom, details);
    const [{ content }] = JSON.parse(sbom).metadata.component.hashes;
    assert.equal(content, hash);

    const root = `${directory.path}/root`;
    await makeSmallRoot(root);
    await mustRun("dpkg", [`--root=${root}`, "--force-unsafe-io", "--install", named(/deb$/)]);
    const installed = await mustRun(`${root}/usr/bin/openvpn-totp`, ["--version", "--verbose"]);
    assert.equal(installed, details);
    // A program that was stripped for a package would lack all that is behind its ELF image.
    const digests = ["--query", "--package", "--qf", "[%{FILENAMES} %{FILEDIGESTS}\n]"];
    const packaged = await mustRun("rpm", [...digests, named(/rpm$/)], {
      // Otherwise, rpm makes a database in it.
      env: { HOME: directory.path },
    });
    assert(packaged.includes(`/usr/bin/openvpn-totp ${hash}\n`));
  },
);

testWith(
  ["root", "unshare", "dpkg", "rpmbuild"],
  "packages, archive, bill of materials and sums are the same wherever they are made",
  async () => {
    await using directory = await makeTestDirectory();
    const { path } = directory;
    const { clone, deno } = await makeElsewhere(directory);
    for (const place of ["here", "elsewhere"]) await Deno.mkdir(`${path}/${place}`);
    await mustRun(Deno.execPath(), ["eval", PACK, `${path}/here`], { cwd: ROOT });
    const { status, stderr } = await deno("eval", PACK, `${path}/elsewhere`);
    assert.equal(status, 0, stderr);
    assert.deepEqual([...Deno.readDirSync(`${path}/tmp`)], [], clone);
    const names = [...Deno.readDirSync(`${path}/here`)].map(({ name }) => name);
    assert.equal(names.length, 6);
    for (const name of names) {
      const [here, elsewhere] = await Promise.all(
        ["here", "elsewhere"].map((place) => sha256OfFile(`${path}/${place}/${name}`)),
      );
      assert.equal(elsewhere, here, name);
    }
  },
);
