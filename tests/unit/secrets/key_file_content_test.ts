import assert from "node:assert/strict";
import { addKey, readKeyFile } from "../../../src/secrets/key_file.ts";
import { makeTestDirectory } from "../../lab/program.ts";

Deno.test("a key is added to no other program's file, and not to a database", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/file`;
  for (
    const content of [
      "ssh-ed25519 AAAA me\n",
      "# a comment\nmachine example.com login me\n",
      "SQLite format 3\0".padEnd(4096, "\0"),
    ]
  ) {
    Deno.writeTextFileSync(path, content, { mode: 0o600 });
    assert.throws(() => addKey(path), /is not a key file/, content);
    assert.equal(Deno.readTextFileSync(path), content);
  }
  for (const content of ["", "\n", "# Keys of openv", "# mine\n\n"]) {
    Deno.writeTextFileSync(path, content);
    addKey(path);
    assert.equal(readKeyFile(path)!.length, 1, content);
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).slice(0, -9));
    if (content === "") addKey(path);
  }
});
