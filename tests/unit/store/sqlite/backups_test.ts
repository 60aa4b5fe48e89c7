import assert from "node:assert/strict";
import { lstat } from "../../../../src/system/trusted_path.ts";
import { openBackups } from "../../../../src/store/open_store.ts";
import { fails } from "../../../lab/failures.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

Deno.test("openBackups makes no database, and backs up none that is missing", async () => {
  await using directory = await makeTestDirectory();
  const options = { path: directory.db, busyTimeoutMs: 0 };
  await fails(() => openBackups({ ...options, create: false }), "database_missing");
  using backups = await openBackups({ ...options, create: true });
  await fails(() => backups.backUp(`${directory.path}/copy`), "database_missing");
  assert.equal(lstat(directory.db), null);
});
