import assert from "node:assert/strict";
import { readRegularFile } from "../../../src/system/read_regular_file.ts";
import { withParts } from "../../../src/system/file_tail.ts";
import { mustRun } from "../../lab/command.ts";
import { makeTestDirectory } from "../../lab/program.ts";

Deno.test("a regular file is read up to the bound", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/file`;
  await Deno.writeTextFile(path, "12345");
  const { content, uid } = readRegularFile(path, 5);
  assert.equal(new TextDecoder().decode(content), "12345");
  assert.equal(uid, Deno.uid());
  assert.throws(() => readRegularFile(path, 4), /larger than 4 bytes/);
});

Deno.test("anything but a regular file is neither read nor waited for, even if it was put there just now", async () => {
  await using directory = await makeTestDirectory();
  const pipe = `${directory.path}/pipe`;
  const file = `${directory.path}/file`;
  await mustRun("mkfifo", [pipe]);
  await Deno.writeTextFile(file, "");
  const info = Deno.statSync(file);
  const ways = [
    (path: string) => readRegularFile(path, 5),
    (path: string) => withParts(path, () => {}),
  ];
  const { statSync } = Deno;
  const refuses = (path: string, look: typeof statSync) => {
    Deno.statSync = look;
    try {
      for (const read of ways) assert.throws(() => read(path), /not a regular file/);
    } finally {
      Deno.statSync = statSync;
    }
  };
  for (const path of [pipe, directory.path, "/dev/null"]) {
    refuses(path, statSync);
    // As if somebody had exchanged it after the look.
    refuses(path, () => info);
  }
  // What the look takes for something else is not opened.
  refuses(file, () => statSync("/dev/null"));
});
