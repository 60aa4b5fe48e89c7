import assert from "node:assert/strict";
import { requireCommitted } from "../../../../scripts/release/committed.ts";
import { testAlone } from "../../../lab/alone.ts";
import { mustRun } from "../../../lab/command.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const STRICT = { uncommitted: false };

const NAME = "a release from a checkout has nothing that no commit has";

/** Runs git without anything of its caller's. */
function runGit(checkout: string, args: readonly string[]): Promise<string> {
  const env = { PATH: Deno.env.get("PATH") ?? "", GIT_CONFIG_NOSYSTEM: "1" };
  return mustRun("git", ["-C", checkout, ...args], { clearEnv: true, env });
}

testAlone(import.meta.url, ["git"], NAME, async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  const git = (...args: string[]) => runGit(path, ["-c", "user.name=a", ...args]);
  await Deno.writeTextFile(`${path}/.gitignore`, "/dist/\n/node_modules/\n*.swp\n");
  await Deno.writeTextFile(`${path}/page.md`, "words");
  // No checkout yet.
  await requireCommitted(path, STRICT);
  await git("init", "--quiet");
  await git("add", ".");
  await git("-c", "user.email=a@test.invalid", "commit", "--quiet", "--message", "all");
  // What a person's configuration, and a hook that runs the release, could have.
  await git("config", "status.showUntrackedFiles", "no");
  Deno.env.set("GIT_DIR", `${path}/nowhere`);
  for (const left of ["dist", "node_modules"]) {
    await Deno.mkdir(`${path}/${left}`);
    await Deno.writeTextFile(`${path}/${left}/file`, "");
  }
  await requireCommitted(path, STRICT);
  for (const name of ["page.md", "new.md", ".page.md.swp"]) {
    const before = await Deno.readTextFile(`${path}/${name}`).catch(() => null);
    await Deno.writeTextFile(`${path}/${name}`, "other words");
    await assert.rejects(requireCommitted(path, STRICT), new RegExp(`--uncommitted\n.* ${name}`));
    await requireCommitted(path, { uncommitted: true });
    if (before === null) await Deno.remove(`${path}/${name}`);
    else await Deno.writeTextFile(`${path}/${name}`, before);
  }
});
