import assert from "node:assert/strict";
import { EXTERNAL_FACTOR } from "../../../src/login/first_factor.ts";
import { CurrentLogin } from "../../../src/serve/current_login.ts";
import type { OpenLogin } from "../../../src/serve/open_login.ts";
import { readSettings } from "../../../src/settings.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { keyFileOf, makeTestDirectory } from "../../lab/program.ts";

Deno.test("a database that is replaced between two logins is closed under neither", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  (await openDatabase(db, { create: true, busyTimeoutMs: 0 })).close();
  const settings = {
    ...readSettings(() => undefined),
    database: { engine: "sqlite", path: db } as const,
    keyFile: keyFileOf(db),
  };
  const current = new CurrentLogin({ settings, firstFactor: EXTERNAL_FACTOR }, Date.now);
  const look = ({ store }: OpenLogin) => store.logins.findPending("x");
  try {
    assert.equal(await current.use(look), null);
    // The first has its database and has not begun when the second finds another one there.
    const first = current.use(look);
    Deno.copyFileSync(db, `${db}.new`);
    Deno.renameSync(`${db}.new`, db);
    const second = current.use(look);
    assert.deepEqual(await Promise.all([first, second]), [null, null]);
  } finally {
    current.close();
  }
});
