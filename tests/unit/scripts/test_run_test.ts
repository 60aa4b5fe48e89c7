import assert from "node:assert/strict";
import { OWNER_VARIABLE } from "../../lab/owner.ts";
import { PATIENCE_MS } from "../../lab/patience.ts";

const MODULE = new URL("../../../scripts/test_run.ts", import.meta.url).href;

/** Says where its directory is, and waits for something that is no process of its own. */
const WAIT = `
import { TestRun } from ${JSON.stringify(MODULE)};
await TestRun.main(async (run) => {
  console.log(run.path(""));
  await new Promise((resolve) => setTimeout(resolve, ${PATIENCE_MS}));
  Deno.exit(1);
});`;

Deno.test("a run that waits for something else than a process ends at Ctrl-C", async () => {
  await using run = new Deno.Command("env", {
    args: ["-u", OWNER_VARIABLE, Deno.execPath(), "eval", WAIT],
    stdout: "piped",
  }).spawn();
  const reader = run.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const directory = (await reader.read()).value!.trim();
  assert(Deno.statSync(directory).isDirectory);
  run.kill("SIGINT");
  await reader.cancel();
  assert.equal((await run.status).code, 130);
  assert.throws(() => Deno.statSync(directory), Deno.errors.NotFound);
});
