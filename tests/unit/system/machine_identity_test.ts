import assert from "node:assert/strict";
import { machineIdentity } from "../../../src/system/machine_identity.ts";
import { mustRun } from "../../lab/command.ts";
import { testWith } from "../../lab/requirements.ts";

const MODULE = new URL("../../../src/system/machine_identity.ts", import.meta.url).href;
const SAY = `import { machineIdentity } from "${MODULE}"; console.log(machineIdentity());`;

Deno.test("a machine has the same identity in each process", async () => {
  const other = (await mustRun(Deno.execPath(), ["eval", SAY])).trim();
  assert.equal(other, machineIdentity());
  assert.equal(other.split(" ").length, 3);
});

testWith(["root", "unshare"], "a container has another identity than its machine", async () => {
  const inside = [Deno.execPath(), "eval", SAY];
  const other = (await mustRun("unshare", ["--pid", "--fork", "--mount-proc", ...inside])).trim();
  assert.notEqual(other, machineIdentity());
});
