import assert from "node:assert/strict";
import { run } from "../lab/command.ts";
import { admin, keyFileOf, makeTestDirectory, on, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

testWith(
  // The program lets nobody but root look into it.
  ["root", "strace"],
  "a key that was left unsynced is on the disk before anything is sealed with it",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const key = keyFileOf(db);
    const enroll = (username: string, strace: string[]) =>
      run("strace", [
        ...["-f", "-y", "-P", key, ...strace],
        ...[PROGRAM, ...on(db), "enroll", username],
      ]);

    const killed = await enroll("first", [
      ...["-e", "trace=fsync", "-o", "/dev/null"],
      ...["-e", "inject=fsync:signal=KILL:when=1"],
    ]);
    assert.equal(killed.status, 128 + 9);
    assert.match(await Deno.readTextFile(key), /^key [0-9a-f]{16} /m);

    const trace = `${path}/trace`;
    const second = await enroll("second", [
      ...["-P", `${db}-journal`, "-o", trace],
      ...["-e", "trace=fsync,write,unlink"],
    ]);
    assert.equal(second.status, 0, second.stderr);
    const lines = (await Deno.readTextFile(trace)).split("\n");
    const isOfKey = (line: string) => line.includes(`<${key}>`);
    const synced = lines.findIndex((line) => line.includes("fsync(") && isOfKey(line));
    const committed = lines.findLastIndex((line) => line.includes("unlink("));
    assert(synced >= 0 && synced < committed, lines.join("\n"));
    assert(
      lines.every((line) => !line.includes("write(") || !isOfKey(line)),
      "the key is taken as it is",
    );
    assert.equal((await admin(db, ["show", "--secret", "second"])).status, 0);
  },
);
