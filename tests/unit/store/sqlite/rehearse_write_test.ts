import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../../../src/core/failure.ts";
import { openStore, rehearseWrite } from "../../../../src/store/open_store.ts";
import { whileActingAs } from "../../../../src/system/acting_user.ts";
import { testAlone } from "../../../lab/alone.ts";
import { mustRun, run } from "../../../lab/command.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const DAEMON = 1;

async function makeDatabase(path: string): Promise<void> {
  using _store = await openStore({
    database: { engine: "sqlite", path },
    create: true,
    busyTimeoutMs: 0,
  });
}

/** What the rehearsal says; null if a login could write. */
async function troubleAt(path: string): Promise<string | null> {
  try {
    await rehearseWrite(path, 0);
    return null;
  } catch (error) {
    assert(error instanceof Failure, String(error));
    return `${error.code}: ${error.message}`;
  }
}

/** Everything that `stat` says of a directory and what is in it. */
const filesIn = (path: string) => mustRun("find", [path, "-printf", "%p %i %m %s %T@ %C@\n"]);

testAlone(
  import.meta.url,
  [],
  "rehearseWrite changes nothing, and sees a lock and a log",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await makeDatabase(db);
    const before = await filesIn(path);
    assert.equal(await troubleAt(db), null);
    assert.equal(await filesIn(path), before);
    {
      using other = new DatabaseSync(db);
      other.exec("BEGIN IMMEDIATE");
      assert.match((await troubleAt(db))!, /^database_locked: /);
      other.exec("ROLLBACK");
      assert.equal(await troubleAt(db), null);
      other.exec("PRAGMA journal_mode = WAL");
    }
    const withLog = await filesIn(path);
    assert.match((await troubleAt(db))!, /^database_unread: .* has a write-ahead log/);
    assert.equal(await filesIn(path), withLog);
  },
);

testAlone(
  import.meta.url,
  ["root"],
  "rehearseWrite sees where a login could not write",
  async () => {
    await using directory = await makeTestDirectory();
    const mount = `${directory.path}/mount`;
    await Deno.mkdir(mount);
    await Deno.chmod(directory.path, 0o755);
    await mustRun("mount", ["-t", "tmpfs", "-o", "size=192k,mode=0755", "none", mount]);
    try {
      const db = `${mount}/db`;
      await makeDatabase(db);
      assert.equal(await troubleAt(db), null);
      await mustRun("mount", ["-o", "remount,ro", mount]);
      assert.match((await troubleAt(db))!, /^database_readonly: .* may not create files in /);
      await mustRun("mount", ["-o", "remount,rw", mount]);
      await run("dd", ["if=/dev/zero", `of=${mount}/fill`, "bs=1k"]);
      assert.match((await troubleAt(db))!, /^database_full: .*\(0 bytes are free\)/);
      await Deno.remove(`${mount}/fill`);
      await Deno.chown(db, DAEMON, DAEMON);
      const trouble = await whileActingAs(DAEMON, () => troubleAt(db));
      assert.match(trouble!, /^database_readonly: .*: uid 1 may not create files in /);
      await Deno.chown(mount, DAEMON, DAEMON);
      assert.equal(await whileActingAs(DAEMON, () => troubleAt(db)), null);
    } finally {
      await mustRun("umount", [mount]);
    }
  },
);
