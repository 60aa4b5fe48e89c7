import assert from "node:assert/strict";
import { readKernelFile } from "../../../src/system/kernel_file.ts";
import { makeTestDirectory } from "../../lab/program.ts";

Deno.test("readKernelFile reads what the kernel says, up to a bound", async () => {
  assert.equal(readKernelFile("/proc/sys/kernel/ostype"), "Linux\n");
  assert.equal(readKernelFile("/proc/sys/kernel/ostype", 3), "Lin");
  assert.equal(readKernelFile("/proc/nothing"), null);
  assert.equal(readKernelFile("/proc"), null);
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/file`;
  await Deno.writeTextFile(path, "x".repeat(200_000));
  assert.equal(readKernelFile(path, 300_000)?.length, 200_000);
});
