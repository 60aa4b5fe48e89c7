import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../../src/store/sqlite/login_store.ts";
import { migrate, MIGRATIONS } from "../../../../src/store/sqlite/migrations.ts";
import { decisionOf, RULE } from "../../../contract/stores.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

/** The schema before places, sessions and folded rows. */
const BEFORE_PLACES = 6;

/** Opens a database of the schema before places, with this in it. */
async function withOldDatabase(
  content: string,
  test: (stores: { logins: SqliteLoginStore; enrolments: SqliteEnrolmentStore }) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/x`;
  {
    using old = new DatabaseSync(path);
    Deno.chmodSync(path, 0o600);
    migrate(old, path, MIGRATIONS.slice(0, BEFORE_PLACES));
    old.exec(content);
  }
  using database = await openDatabase(path, { create: false, busyTimeoutMs: 0 });
  await test({
    logins: new SqliteLoginStore(database),
    enrolments: new SqliteEnrolmentStore(database),
  });
}

/** A user who was enrolled at 1000. */
function user(name: string, columns: Record<string, number> = {}): string {
  const names = ["username", "secret", "issuer", "enrolled_at", ...Object.keys(columns)];
  const values = [`'${name}'`, "x'01'", "'VPN'", 1000, ...Object.values(columns)];
  return `INSERT INTO enrolments (${names}) VALUES (${values});`;
}

Deno.test("of an older database, tokens count from the enrolment, or since the user was disabled", async () => {
  const content = user("alice") + user("bob", { disabled_at: 5000 }) +
    user("carol", { disabled_at: 500 });
  await withOldDatabase(content, async ({ enrolments }) => {
    const from = (await enrolments.list()).map(({ tokensValidFrom }) => tokensValidFrom);
    assert.deepEqual(from, [1000, 5000, 1000]);
  });
});

Deno.test("of an older database, no token from before the last login without a code counts", async () => {
  const content = user("alice", { uncoded_at: 7000 }) + user("bob");
  await withOldDatabase(content, async ({ logins, enrolments }) => {
    await logins.transaction(async (records) => {
      // OpenVPN began the session some time after the login: PAM may take up to 300 seconds.
      for (const began of [0, 1001, 7000, 8000, 317_000]) {
        assert.equal(await records.mayBeUncoded("alice", began), true, `${began}`);
      }
      assert.equal(await records.mayBeUncoded("alice", 317_001), false);
      assert.equal(await records.mayBeUncoded("bob", 1001), false);
    });
    assert.equal((await enrolments.find("alice"))!.uncodedLoginAt, 7000);
  });
});

Deno.test("of an older database, the audit trail stays until it is too old", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const outcome = i % 3 === 0 ? "accepted" : "refused";
    return `INSERT INTO decisions (at, login_name, step, outcome, reason)
      VALUES (${i}, 'a', 'code', '${outcome}', ${i % 3 === 0 ? "NULL" : "'wrong_code'"});`;
  });
  await withOldDatabase(rows.join(""), async ({ logins, enrolments }) => {
    const trail = async () => (await Array.fromAsync(enrolments.decisions({}))).flat();
    const atOnce = (await trail()).map(({ at, lastAt, count }) => [at, lastAt, count]);
    assert.deepEqual(atOnce, Array.from({ length: 60 }, (_, i) => [i, i, 1]));
    const since = (await Array.fromAsync(enrolments.decisions({ since: 58 }))).flat();
    assert.deepEqual(since.map(({ at }) => at), [58, 59]);
    const record = (at: number) =>
      logins.transaction((records) =>
        records.recordDecision(decisionOf(at), { ...RULE, maxRows: 10 })
      );
    for (let i = 0; i < 12; i++) await record(100);
    assert.equal((await trail()).length, 70, "a bound of ten holds for the new rows");
    await record(RULE.maxDays * 86_400_000 + 50);
    assert.deepEqual((await trail()).slice(0, 2).map(({ at }) => at), [20, 21]);
  });
});

Deno.test("of an older database, failed passwords are forgotten, and nobody is known anywhere", async () => {
  const content = user("alice") +
    "INSERT INTO password_failures VALUES ('user 192.0.2.1 alice', 9, 9000000000000);";
  await withOldDatabase(content, async ({ logins, enrolments }) => {
    assert.equal(await logins.findPlaceFailures("user 192.0.2.1 alice"), null);
    assert.equal(await logins.findKnownPlace("user 192.0.2.1 alice"), null);
    assert.deepEqual(await enrolments.placeCodes(), []);
  });
});

Deno.test("of an older database, users are found by similar names, enrolled or exempt", async () => {
  const content = user("Alice") + user("s\u00f8ren") +
    "INSERT INTO exemptions VALUES ('Alice', 0, NULL, NULL), ('bob@example.org', 0, 1, NULL);";
  await withOldDatabase(content, async ({ logins }) => {
    const similar = (name: string) =>
      logins.transaction((records) => records.similarUsernames([name]));
    assert.deepEqual(await similar("alice"), ["Alice"]);
    assert.deepEqual(await similar("SOREN"), ["s\u00f8ren"]);
    assert.deepEqual(await similar("Bob"), ["bob@example.org"]);
    assert.deepEqual(await similar("carol"), []);
  });
});
