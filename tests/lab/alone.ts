import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import { missing, type Requirement } from "./requirements.ts";

/** Names the test that a process was started for. */
const ALONE = "OVTOTP_TEST_ALONE";

/**
 * A test with a process of its own: one that changes the user of its process would change it for all
 * tests that run beside it. It may load the C library, which stays.
 *
 * @param file the test's own file (`import.meta.url`)
 */
export function testAlone(
  file: string,
  requirements: readonly Requirement[],
  name: string,
  fn: () => Promise<void>,
): void {
  const ignore = missing(requirements).length > 0;
  const isHere = Deno.env.get(ALONE) === name;
  const start = () => runAlone(fileURLToPath(file), name);
  Deno.test({ name, ignore, sanitizeResources: !isHere, fn: isHere ? fn : start });
}

async function runAlone(file: string, name: string): Promise<void> {
  const args = ["test", "--allow-all", "--no-check", "--filter", name, file];
  const { status, stdout, stderr } = await run(Deno.execPath(), args, { env: { [ALONE]: name } });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /\b1 passed\b/);
}
