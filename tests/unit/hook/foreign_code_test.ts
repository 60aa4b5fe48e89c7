import assert from "node:assert/strict";
import { mustRun } from "../../lab/command.ts";
import { makeTestDirectory } from "../../lab/program.ts";

const HOOK = new URL("../../../src/hook/file_hook.ts", import.meta.url).href;

for (const scriptType of ["user-pass-verify", "client-crresponse"]) {
  Deno.test(`after ${scriptType} no library can be loaded any more`, async () => {
    await using directory = await makeTestDirectory();
    const credentials = `${directory.path}/credentials`;
    await Deno.writeTextFile(credentials, "nobody\nwrong\n");
    const program = `
      const { runFileHook } = await import("${HOOK}");
      const state = () => Deno.permissions.querySync({ name: "ffi" }).state;
      const before = state();
      const { exitAtOnce } = await runFileHook("${scriptType}", ["${credentials}"]);
      console.log(before, state());
      exitAtOnce(0);`;
    const states = await mustRun(Deno.execPath(), ["eval", program]);
    assert.match(states, /^granted (prompt|denied)\n$/);
  });
}
