import assert from "node:assert/strict";
import { makeTemporaryDirectory } from "../../../scripts/build/temporary_directory.ts";
import { makeTestDirectory } from "../../lab/program.ts";

const MODULE = new URL("../../../scripts/build/temporary_directory.ts", import.meta.url).href;

/** Makes two directories, starts a process that starts another, says which, and waits. */
const WAIT = `
import { makeTemporaryDirectory } from ${JSON.stringify(MODULE)};
for (const name of ["a", "b"]) {
  const { path } = await makeTemporaryDirectory({ dir: Deno.args[0], prefix: name });
  Deno.writeTextFileSync(path + "/file", "");
}
new Deno.Command("sh", { args: ["-c", "sleep 60 > /dev/null & echo $!; wait"] }).spawn();
setInterval(() => {}, 1000);`;

Deno.test("temporary directories are removed at the end of their scope, unless they were moved", async () => {
  await using directory = await makeTestDirectory();
  {
    await using one = await makeTemporaryDirectory({ dir: directory.path });
    await using other = await makeTemporaryDirectory({ dir: directory.path });
    await Deno.writeTextFile(`${one.path}/file`, "");
    await Deno.rename(other.path, `${directory.path}/moved`);
  }
  assert.deepEqual([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["moved"]);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`at ${signal}, processes end, and temporary directories are removed`, async () => {
    await using directory = await makeTestDirectory();
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["eval", WAIT, directory.path],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const other = (await reader.read()).value!.trim();
    assert.equal([...Deno.readDirSync(directory.path)].length, 2);
    child.kill(signal);
    await reader.cancel();
    assert.equal((await child.status).code, code);
    assert.deepEqual([...Deno.readDirSync(directory.path)], []);
    assert(!isRunning(other));
  });
}

function isRunning(pid: string): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`) !== "";
  } catch {
    return false;
  }
}
