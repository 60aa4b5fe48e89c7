import assert from "node:assert/strict";
import { mustRun } from "../lab/command.ts";
import { playAttempt, type PlayedAttempt } from "../lab/hook_call.ts";
import { makeAccount } from "../lab/accounts.ts";
import { startPostgres, type TestPostgres, type TestPostgresDatabase } from "../lab/postgres.ts";
import { base64, codeOf, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, type Requirement, testWith } from "../lab/requirements.ts";

const NEEDED: readonly Requirement[] = [...POSTGRES_LAB, "root", "useradd"];

/** What a client is told while the database cannot be used: that it should come back. */
const TOLD = /^TEMP\[backoff 15,advance no\]: The login cannot be checked now, try again$/;

/** A real account, enrolled in a database on a server. */
interface Enrolled {
  postgres: TestPostgres;
  database: TestPostgresDatabase;
  username: string;
  password: string;
  secret: string;
  /** An attempt with the database, and other settings. */
  attempt(settings?: Record<string, string>): Promise<PlayedAttempt>;
}

async function withEnrolled(test: (enrolled: Enrolled) => Promise<void>): Promise<void> {
  await using postgres = await startPostgres();
  const database = await postgres.makeDatabase();
  await using directory = await makeTestDirectory();
  await using account = await makeAccount();
  const { username, password } = account;
  const keyFile = `${directory.path}/key`;
  const args = ["--database", database.url, "--key", keyFile, "enroll", "--", username];
  const [, secret] = (await mustRun(PROGRAM, args)).split("\n");
  const places = { totpDatabase: database.url, totpKeyFile: keyFile, totpPamService: "login" };
  const attempt = (settings = {}) => playAttempt(directory.path, { ...places, ...settings });
  await test({ postgres, database, username, password, secret: secret!, attempt });
}

testWith(NEEDED, "a login by hooks, with the database on a server", async () => {
  await withEnrolled(async ({ database, username, password, secret, attempt }) => {
    // What the guide's users have set already does not matter any more.
    const login = await attempt({ totpTokenDbPath: "/nowhere/index.sqlite3" });
    const first = await login.password(username, password);
    assert.equal(first.status, 2, first.stderr);
    const second = await login.answer(base64(codeOf(secret)));
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stderr, /outcome=accepted by=code/);
    assert.equal(await login.control(), "1");

    // Another server's call, at the same moment.
    const other = await attempt();
    assert.equal((await other.password(username, password)).status, 2);
    const used = await other.answer(base64(codeOf(secret)));
    assert.match(used.stderr, /outcome=refused reason=code_used/);
    assert.equal(used.status, 1);
    const rows = await database.psql(
      "SELECT outcome, reason FROM openvpn_totp.decisions ORDER BY id",
    );
    assert.equal(rows.trim(), "challenged|\naccepted|\nchallenged|\nrefused|code_used");
  });
});

testWith(
  NEEDED,
  "while the server is away, hooks refuse, and tell clients to come back",
  async () => {
    await withEnrolled(async ({ postgres, username, password, secret, attempt }) => {
      const login = await attempt();
      assert.equal((await login.password(username, password)).status, 2);
      await postgres.stop("fast");
      const refused = await attempt();
      const away = await refused.password(username, password);
      assert.equal(away.status, 1);
      assert.match(away.stderr, /reason=failure .*database_unreachable: .* ECONNREFUSED /);
      assert.match(await refused.reason(), TOLD);
      const late = await login.answer(base64(codeOf(secret)));
      assert.equal(late.status, 1);
      assert.equal(await login.control(), "0");
      assert.match(await login.reason(), TOLD);
      await postgres.start();
      // The answer did not reach the challenge: its client connects anew.
      const again = await attempt();
      assert.equal((await again.password(username, password)).status, 2);
      assert.equal((await again.answer(base64(codeOf(secret)))).status, 0);
    });
  },
);

testWith(
  NEEDED,
  "a server that says nothing holds hooks up for no longer than the setting",
  async () => {
    await withEnrolled(async ({ postgres, username, password, attempt }) => {
      const login = await attempt({ totpDatabaseTimeout: "1" });
      postgres.pause();
      try {
        const hung = await login.password(username, password);
        assert.equal(hung.status, 1);
        assert.match(hung.stderr, /database_unreachable: .* did not answer in time/);
        assert.match(await login.reason(), TOLD);
      } finally {
        postgres.resume();
      }
      assert.equal((await (await attempt()).password(username, password)).status, 2);
    });
  },
);

testWith(NEEDED, "no password of the database's shows in a log", async () => {
  await withEnrolled(async ({ database, username, password, attempt }) => {
    const secret = "hunter2-of-the-database";
    for (const totpDatabase of [`postgres://u:${secret}@h/d`, `postgres://${secret}`]) {
      const login = await attempt({ totpDatabase });
      const { status, stderr } = await login.password(username, password);
      assert.equal(status, 1);
      assert.match(stderr, /bad_setting: totpDatabase is not allowed/);
      assert.doesNotMatch(stderr, /hunter2/);
    }
    await Deno.writeTextFile(database.passFile, `*:*:*:*:${secret}\n`);
    const wrong = await (await attempt()).password(username, password);
    assert.match(wrong.stderr, /database_refused: .*password authentication failed/);
    assert.doesNotMatch(wrong.stderr, /hunter2/);
  });
});
