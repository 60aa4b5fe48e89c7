import assert from "node:assert/strict";
import { lchown } from "node:fs/promises";
import { Failure } from "../../../src/core/failure.ts";
import { followTrusted, requirePrivate } from "../../../src/system/trusted_path.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { testWith } from "../../lab/requirements.ts";

/** A directory with `a/b/file` in it, all owned by this user only. */
async function makeTree() {
  const directory = await makeTestDirectory();
  const { path } = directory;
  await Deno.mkdir(`${path}/a/b`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${path}/a/b/file`, "x", { mode: 0o600 });
  return Object.assign(directory, { file: `${path}/a/b/file` });
}

function refuses(path: string, message: RegExp): void {
  assert.throws(
    () => followTrusted(path),
    (error) => {
      assert(error instanceof Failure, String(error));
      assert.equal(error.code, "untrusted_path");
      assert.match(error.message, message);
      return true;
    },
  );
}

Deno.test("followTrusted returns the path without links, whether it exists or not", async () => {
  await using tree = await makeTree();
  const { path, file } = tree;
  assert.equal(followTrusted(file).path, file);
  assert.equal(followTrusted(`${path}//a/./b/../b/file`).path, file);
  await Deno.symlink(`${path}/a`, `${path}/absolute`);
  await Deno.symlink("a/b", `${path}/relative`);
  await Deno.symlink("../relative/file", `${path}/a/link`);
  for (const link of ["absolute/b/file", "relative/file", "a/link"]) {
    const found = followTrusted(`${path}/${link}`);
    assert.equal(found.path, file);
    assert.equal(found.info?.size, 1);
  }
  for (const name of ["none", "none/at/all"]) {
    const found = followTrusted(`${path}/relative/${name}`);
    assert.deepEqual(found, { path: `${path}/a/b/${name}`, info: null });
  }
});

Deno.test("followTrusted refuses directories that others can write in", async () => {
  await using tree = await makeTree();
  const { path, file } = tree;
  const writable = /^the directory \S+ has mode 0?\d{3,4}, .*: choose another place, where only/;
  for (const directory of [path, `${path}/a`, `${path}/a/b`]) {
    for (const mode of [0o720, 0o702, 0o777]) {
      await Deno.chmod(directory, mode);
      refuses(file, writable);
      refuses(`${path}/a/b/none`, writable);
    }
    await Deno.chmod(directory, 0o755);
    assert.equal(followTrusted(file).path, file);
  }
  // In a sticky directory, nobody can move another user's directory, but anybody can put files
  // beside ours.
  await Deno.chmod(`${path}/a`, 0o1777);
  assert.equal(followTrusted(file).path, file);
  await Deno.chmod(`${path}/a/b`, 0o1777);
  refuses(file, writable);
  // Somebody else could create what is missing before we do.
  refuses(`${path}/a/none/file`, writable);
  // Only of its own directory does the program advise to change the mode.
  const own = `${path}/openvpn-totp`;
  await Deno.mkdir(own);
  await Deno.chmod(own, 0o770);
  refuses(`${own}/file`, /: chmod go-w \S+\/openvpn-totp$/);
  await Deno.chmod(own, 0o1777);
  refuses(`${own}/file`, writable);
});

Deno.test("followTrusted follows no cycle, and no dangling link", async () => {
  await using tree = await makeTree();
  const { path } = tree;
  await Deno.symlink("nowhere", `${path}/lost`);
  refuses(`${path}/lost`, /lost is a symbolic link that leads nowhere/);
  refuses(`${path}/lost/x`, /lost is a symbolic link that leads nowhere/);
  await Deno.symlink("circle", `${path}/circle`);
  assert.throws(() => followTrusted(`${path}/circle/x`));
});

testWith(
  ["root"],
  "followTrusted refuses files, directories and links of other owners",
  async () => {
    await using tree = await makeTree();
    const { path, file } = tree;
    await Deno.symlink("a/b", `${path}/link`);
    const cases: [string, string][] = [
      [file, file],
      [`${path}/a`, file],
      [`${path}/link`, `${path}/link/file`],
    ];
    for (const [changed, followed] of cases) {
      await lchown(changed, 65534, 65534);
      refuses(followed, /belongs to uid 65534, but this is uid 0: run/);
      await lchown(changed, 0, 0);
      assert.equal(followTrusted(followed).path, file);
    }
  },
);

Deno.test("requirePrivate refuses what others can read or write", async () => {
  await using tree = await makeTree();
  const { file } = tree;
  for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666]) {
    await Deno.chmod(file, mode);
    assert.throws(() => requirePrivate(file), /^Failure: \S+ has mode 06\d\d, .*: chmod 600 /);
  }
  for (const mode of [0o600, 0o400]) {
    await Deno.chmod(file, mode);
    requirePrivate(file);
  }
});
