import type { SqlitePlace } from "../../../../src/core/database_place.ts";
import assert from "node:assert/strict";
import { lstat } from "../../../../src/system/trusted_path.ts";
import { openBackups, openStore } from "../../../../src/store/open_store.ts";
import { NO_FAILURES } from "../../../../src/core/lockout.ts";
import { enrol, enrolmentOf, inLogin } from "../../../contract/stores.ts";
import { fails } from "../../../lab/failures.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const at = (path: string): SqlitePlace => ({ engine: "sqlite", path });

Deno.test("openBackups makes no database, and backs up none that is missing", async () => {
  await using directory = await makeTestDirectory();
  const options = { database: at(directory.db), busyTimeoutMs: 0 };
  await fails(() => openBackups({ ...options, create: false }), "database_missing");
  using backups = await openBackups({ ...options, create: true });
  await fails(() => backups.backUp(`${directory.path}/copy`), "database_missing");
  assert.equal(lstat(directory.db), null);
});

Deno.test("a restore voids session tokens from before, and leaves what is known of logins", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const options = { database: at(db), busyTimeoutMs: 0, create: true };
  const copy = `${path}/copy`;
  {
    await using store = await openStore(options);
    await enrol(store, ["alice", { ...enrolmentOf("bob"), enrolledAt: 500 }]);
    Deno.writeTextFileSync(copy, "", { mode: 0o600 });
    using backups = await openBackups(options);
    await backups.backUp(copy);
  }
  await using store = await openStore(options);
  const place = { username: "alice", lastLoginAt: 600, failures: { ...NO_FAILURES, count: 2 } };
  await inLogin(store, async (records) => {
    await records.recordUncodedSession({ username: "alice", since: 600, until: 700 });
    await records.saveKnownPlace("x", place);
    await records.savePlaceFailures("x", { level: 2, lastAt: 600, goneAt: 9000 });
  });
  await store.enrolments.delete("bob", 650);
  using backups = await openBackups(options);
  using backup = await backups.open(copy);
  await backup.restore({ now: 9999, driftSteps: 1 });
  const users = await store.enrolments.list();
  assert.deepEqual(
    users.map(({ username, tokensValidFrom }) => [username, tokensValidFrom]),
    [["alice", 9999], ["bob", 9999]],
  );
  await inLogin(store, async (records) => {
    assert.equal(await records.mayBeUncoded("alice", 650), true);
    assert.deepEqual(await records.findKnownPlace("x"), place);
    assert.equal((await records.findPlaceFailures("x"))!.level, 2);
  });
});

Deno.test("a restore has users be found by names similar to the backup's, and by no other", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const options = { database: at(db), busyTimeoutMs: 0, create: true };
  const copy = `${path}/copy`;
  await using store = await openStore(options);
  const exemption = { since: 0, until: null, from: null };
  await enrol(store, ["alice"]);
  await store.enrolments.exempt({ ...exemption, username: "carol" });
  Deno.writeTextFileSync(copy, "", { mode: 0o600 });
  using backups = await openBackups(options);
  await backups.backUp(copy);
  await store.enrolments.delete("alice", 0);
  await store.enrolments.endExemption("carol");
  await enrol(store, ["bob"]);
  {
    using backup = await backups.open(copy);
    await backup.restore({ now: 9999, driftSteps: 1 });
  }
  const names = ["ALICE", "Bob", "Carol"];
  assert.deepEqual(
    await inLogin(store, (records) => records.similarUsernames(names)),
    ["alice", "carol"],
  );
});
