import assert from "node:assert/strict";
import { labelOf } from "../../../src/system/file_label.ts";
import { mustRun } from "../../lab/command.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { testWith } from "../../lab/requirements.ts";

const SET = "import os, sys; os.setxattr(sys.argv[1], 'security.selinux', sys.argv[2].encode(), " +
  "follow_symlinks=False)";

testWith(
  ["root", "python3"],
  "labelOf reads the label of a file, also of what a link leads to",
  async () => {
    await using directory = await makeTestDirectory();
    const path = `${directory.path}/file`;
    await Deno.writeTextFile(path, "");
    await Deno.symlink(path, `${directory.path}/link`);
    assert.equal(labelOf(path), null);
    const set = (label: string) => mustRun("python3", ["-c", SET, path, label]);
    await set("system_u:object_r:bin_t:s0");
    assert.equal(labelOf(path), "system_u:object_r:bin_t:s0");
    await set(`u:r:${"x".repeat(500)}:s0`);
    assert.equal(labelOf(path)?.length, 507);
    assert.equal(labelOf(`${directory.path}/link`)?.length, 507);
    assert.equal(labelOf(`${directory.path}/none`), null);
  },
);
