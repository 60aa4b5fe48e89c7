import assert from "node:assert/strict";
import { postgresPlace } from "../../../../src/core/postgres_url.ts";
import { connect, requireSchema } from "../../../../src/store/postgres/connect.ts";
import { Deadline } from "../../../../src/store/postgres/deadline.ts";
import { TABLES } from "../../../../src/store/postgres/grants.ts";
import { initSchema } from "../../../../src/store/postgres/init.ts";
import {
  type Migration,
  MIGRATIONS,
  SCHEMA_VERSION,
} from "../../../../src/store/postgres/migrations.ts";
import { fails } from "../../../lab/failures.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import { startPostgres, type TestPostgresDatabase } from "../../../lab/postgres.ts";
import { AlicesLogins, enrolAlice, inShort } from "../../../lab/postgres_logins.ts";
import { openTestStore, placeOf } from "../../../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

/** What a next version could add: to every table, so that each statement meets it. */
const ADDITIONS =
  TABLES.filter((table) => table !== "turns").map((table) =>
    `ALTER TABLE openvpn_totp.${table} ADD COLUMN added_later text COLLATE "C";\n`
  ).join("") + `CREATE INDEX decisions_by_moment ON openvpn_totp.decisions (at);
CREATE TABLE openvpn_totp.added_later (username text COLLATE "C" PRIMARY KEY);
`;

/** A next version beside which today's program goes on. */
const COMPATIBLE: Migration = { sql: ADDITIONS, oldestProgram: SCHEMA_VERSION };

/** One whose schema today's program must leave alone. */
const INCOMPATIBLE: Migration = { sql: ADDITIONS, oldestProgram: SCHEMA_VERSION + 1 };

/** As long as logins wait that nobody has set anything else for. */
const TIMEOUT_MS = 5000;

/** How many logins there are at once on connections that are kept. */
const AT_ONCE = 4;

/** How many steps each of them makes before the change, and after it. */
const ROUNDS = 5;

/** Has the next version's program bring the schema up to date. */
function update({ ownerUrl }: TestPostgresDatabase, next: Migration) {
  return initSchema(postgresPlace(ownerUrl, PATIENCE_MS)!, null, [...MIGRATIONS, next]);
}

/** Steps of logins that use nothing up, so that they can be repeated, and how each ends. */
async function logIn(logins: AlicesLogins): Promise<string[]> {
  return [
    inShort(await logins.password(crypto.randomUUID())),
    inShort(await logins.token(crypto.randomUUID())),
  ];
}

const PASSED = ["challenged crtext", "accepted token"];

/** Logins that go on until they are told to end; all of them must pass. */
class GoingOn implements AsyncDisposable {
  #isOver = false;
  #count = 0;
  readonly #running: Promise<void>[];
  #waiting: { at: number; reached: () => void }[] = [];

  constructor(logIns: readonly (() => Promise<string[]>)[]) {
    this.#running = logIns.map((logIn) => this.#repeat(logIn));
    for (const run of this.#running) run.catch(() => {});
  }

  /** How many steps have ended. */
  get count(): number {
    return this.#count;
  }

  /** Waits for some more steps, of which most have begun from now on. */
  async more(): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const at = this.#count + (ROUNDS + 1) * this.#running.length;
    this.#waiting.push({ at, reached: reached.resolve });
    await Promise.race([reached.promise, ...this.#running]);
  }

  /** Ends them. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#running);
  }

  async #repeat(logIn: () => Promise<string[]>): Promise<void> {
    while (!this.#isOver) {
      const ends = await logIn();
      assert.deepEqual(ends, PASSED.slice(-ends.length));
      this.#count += ends.length;
      for (const { reached } of this.#waiting.filter(({ at }) => at <= this.#count)) reached();
    }
  }
}

/** A login on a connection of its own, as a hook call makes one. */
async function logInAnew(url: string): Promise<string[]> {
  using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS, isForOneLogin: true });
  return await logIn(logins);
}

/** Logins on a database: on connections that are kept, and on new ones. */
function beginLogins(kept: AlicesLogins, url: string): GoingOn {
  // More passwords at once could be guesses.
  const tokens = async () => [inShort(await kept.token(crypto.randomUUID()))];
  const onKept = Array.from({ length: AT_ONCE - 1 }, () => tokens);
  return new GoingOn([...onKept, () => logIn(kept), () => logInAnew(url)]);
}

testWith(
  POSTGRES_LAB,
  "logins go on, all of them, while a newer program adds to the schema",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    await enrolAlice(database.url);
    using kept = await AlicesLogins.open(database.url, {
      timeoutMs: TIMEOUT_MS,
      connections: AT_ONCE,
    });
    await using goingOn = beginLogins(kept, database.url);
    await goingOn.more();
    const change = await update(database, COMPATIBLE);
    assert.deepEqual(change, {
      from: SCHEMA_VERSION,
      to: SCHEMA_VERSION + 1,
      roles: [database.login],
    });
    await goingOn.more();
    await goingOn.end();
    assert.equal(
      await database.psql("SELECT sum(count) FROM openvpn_totp.decisions"),
      String(goingOn.count),
    );
    // The newer program's data is no trouble either.
    await database.psql("UPDATE openvpn_totp.enrolments SET added_later = 'new'");
    assert.deepEqual(await logIn(kept), PASSED);
    await using store = await openTestStore(database);
    assert.equal((await store.enrolments.list()).length, 1);
  },
);

testWith(
  POSTGRES_LAB,
  "a change of the schema waits for others' locks without holding logins up",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    await enrolAlice(database.url);
    using kept = await AlicesLogins.open(database.url, {
      timeoutMs: TIMEOUT_MS,
      connections: AT_ONCE,
    });
    // As a dump of the database does.
    const dump = await connect(
      placeOf(database),
      { statementMs: 0, pauseMs: 0 },
      new Deadline(PATIENCE_MS),
    );
    let change;
    try {
      await dump.runAll("BEGIN; SELECT 1 FROM openvpn_totp.enrolments", new Deadline(PATIENCE_MS));
      change = update(database, COMPATIBLE);
      change.catch(() => {});
      const waits = `SELECT count(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE '%added_later%'`;
      while (await database.psql(waits) === "0");
      await using goingOn = beginLogins(kept, database.url);
      await goingOn.more();
      await goingOn.end();
    } finally {
      dump.close();
    }
    assert.equal((await change).to, SCHEMA_VERSION + 1);
    assert.deepEqual(await logIn(kept), PASSED);
  },
);

testWith(
  POSTGRES_LAB,
  "a program refuses a schema that is only for newer ones, as soon as there is one",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    await enrolAlice(database.url);
    using kept = await AlicesLogins.open(database.url, { timeoutMs: TIMEOUT_MS });
    await using store = await openTestStore(database);
    assert.deepEqual(await logIn(kept), PASSED);
    assert.notEqual(await store.enrolments.find("alice"), null);
    const rows = () => database.psql("SELECT count(*) FROM openvpn_totp.decisions");
    const before = await rows();
    await update(database, INCOMPATIBLE);
    // Transactions at once, on connections of before, too.
    const refused = ["database_newer", "database_newer"];
    assert.deepEqual(await logIn(kept), refused);
    assert.deepEqual(await logInAnew(database.url), refused);
    await fails(() => store.enrolments.setDisabled("alice", 1), "database_newer");
    await fails(() => openTestStore(database), "database_newer");
    assert.equal(await rows(), before);
    // Reads on connections of before, when they have rested for a moment.
    const end = performance.now() + PATIENCE_MS;
    const isRefused = async () => {
      try {
        await store.enrolments.find("alice");
        return false;
      } catch {
        return true;
      }
    };
    while (!await isRefused()) {
      assert(performance.now() < end, "a read goes on");
      await new Promise((resolve) => setTimeout(resolve, 1100));
    }
    await fails(() => store.enrolments.find("alice"), "database_newer");
  },
);

Deno.test("a program says what to do about a schema of before", () => {
  const found = { version: SCHEMA_VERSION, oldest_program: 1 };
  assert.doesNotThrow(() => requireSchema(found, "it", SCHEMA_VERSION));
  assert.throws(
    () => requireSchema(found, "it", SCHEMA_VERSION + 1),
    {
      code: "database_older",
      message:
        `it cannot be used: it has schema version ${SCHEMA_VERSION}, and this program needs ` +
        `${
          SCHEMA_VERSION + 1
        }: run openvpn-totp database init (older programs can use the tables afterwards, too)`,
    },
  );
});

testWith(
  POSTGRES_LAB,
  "only an owner changes the schema, once, and never to an older one",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    const version = () =>
      database.psql("SELECT version, oldest_program FROM openvpn_totp.schema_version");
    const asLogin = postgresPlace(database.url, PATIENCE_MS)!;
    await fails(() => initSchema(asLogin, null, [...MIGRATIONS, COMPATIBLE]), "database_denied");
    assert.equal(await version(), `${SCHEMA_VERSION}|${MIGRATIONS.at(-1)!.oldestProgram}`);
    const both = await Promise.all([1, 2].map(() => update(database, COMPATIBLE)));
    const [from, to] = [SCHEMA_VERSION, SCHEMA_VERSION + 1];
    assert.deepEqual(both.map((change) => change.from).sort(), [from, to]);
    assert.deepEqual(both.map((change) => change.to), [to, to]);
    const asOwner = postgresPlace(database.ownerUrl, PATIENCE_MS)!;
    await fails(() => initSchema(asOwner, null), "database_newer");
    assert.equal(await version(), `${to}|${SCHEMA_VERSION}`);
  },
);
