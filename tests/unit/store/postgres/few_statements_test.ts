import assert from "node:assert/strict";
import type { Connection } from "../../../../src/store/postgres/connection.ts";
import { type Database, PostgresDatabase } from "../../../../src/store/postgres/database.ts";
import { PostgresEnrolmentStore } from "../../../../src/store/postgres/enrolment_store.ts";
import { PostgresLoginStore } from "../../../../src/store/postgres/login_store.ts";
import type { LoginRecords } from "../../../../src/store/store.ts";
import { challengeOf, decisionOf, enrolmentOf, RULE } from "../../../contract/stores.ts";
import { startPostgres, type TestPostgres } from "../../../lab/postgres.ts";
import { placeOf } from "../../../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";
import { ANY_KEYS } from "../../../lab/secrets.ts";

/** A database that counts the statements that somebody waits for. */
class CountingDatabase implements Database {
  count = 0;
  readonly #database: PostgresDatabase;

  constructor(database: PostgresDatabase) {
    this.#database = database;
  }

  read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#database.read((connection) => work(this.#counting(connection)));
  }

  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#database.transaction((connection) => work(this.#counting(connection)));
  }

  /** How many statements some work takes. */
  async during(work: () => Promise<unknown>): Promise<number> {
    const before = this.count;
    await work();
    return this.count - before;
  }

  #counting(connection: Connection): Connection {
    return {
      run: (sql, values) => {
        this.count++;
        return connection.run(sql, values);
      },
      afterwards: (sql, values) => connection.afterwards(sql, values),
    };
  }
}

testWith(POSTGRES_LAB, "administration takes few statements, however many users", async () => {
  await using postgres = await startPostgres();
  using inner = await open(postgres);
  const database = new CountingDatabase(inner);
  const store = new PostgresEnrolmentStore(database);
  const enrol = (names: readonly string[], byte = 1) =>
    database.during(() => {
      const users = names.map((name) => ({
        ...enrolmentOf(name, byte),
        recoveryMarks: ["a", "b"],
      }));
      return store.enrol(users, { mayReplace: () => true, ...ANY_KEYS });
    });
  const many = Array.from({ length: 1500 }, (_, i) => `user ${i}`);
  const one = await enrol(["alice"]);
  assert(one <= 8, `${one} statements`);
  assert.equal(await enrol(many), one);
  assert.equal(await enrol(many, 2), await enrol(["alice"], 2));
  // Of two enrolments of one user, the later one replaces the other.
  await enrol(["twice", "once", "twice"]);
  assert.equal((await store.usersNamed(["twice"]))[0]!.enrolment!.recoveryCodes, 2);
  const enrolments = await store.list();
  const sealed = { keyId: "new", bytes: new Uint8Array(48).fill(5) };
  const reseal = () => store.replaceSecrets(enrolments.map((enrolment) => ({ enrolment, sealed })));
  assert.equal(await database.during(reseal), 1);
  assert.deepEqual(await store.keyIds(), ["new"]);
  assert.equal(await database.during(() => store.usersNamed(many)), 2);
});

testWith(POSTGRES_LAB, "what a login reads or writes takes one statement each", async () => {
  await using postgres = await startPostgres();
  using inner = await open(postgres);
  await new PostgresEnrolmentStore(inner).enrol([enrolmentOf("alice")], {
    mayReplace: () => false,
    ...ANY_KEYS,
  });
  const database = new CountingDatabase(inner);
  const logins = new PostgresLoginStore(database);
  const refusal = decisionOf(2, { outcome: "refused", by: null, reason: "wrong_code" });
  const session = { username: "alice", since: 1, until: 2 };
  const login = { username: "alice", loginName: "A", timeStep: 7, at: 1 };
  const steps: Record<string, (records: LoginRecords) => Promise<unknown>> = {
    findEnrolment: (records) => records.findEnrolment("A", "A"),
    recordChallenge: (records) => records.recordChallenge(challengeOf("a")),
    findPending: (records) => records.findPending("a"),
    recordLogin: (records) => records.recordLogin(login),
    recordUncodedSession: (records) => records.recordUncodedSession(session),
    similarUsernames: (records) => records.similarUsernames(["Alice", "bob", "carol"]),
    openAttempt: (records) =>
      records.openAttempt({ id: "a", places: ["x", "y", "z"], expiresAt: 9 }, 1),
    expiredAttemptsAt: (records) => records.expiredAttemptsAt("x", 9, Infinity),
    savePlaceFailures: (records) =>
      records.savePlaceFailures("x", { level: 1, lastAt: 1, goneAt: 9 }),
    "recordDecision of an acceptance": (records) => records.recordDecision(decisionOf(1), RULE),
    "recordDecision of a refusal": (records) => records.recordDecision(refusal, RULE),
    "recordDecision of a like one": (records) => records.recordDecision(refusal, RULE),
  };
  for (const [name, step] of Object.entries(steps)) {
    assert.equal(await database.during(() => logins.transaction(step)), 1, name);
  }
});

async function open(postgres: TestPostgres): Promise<PostgresDatabase> {
  const place = placeOf(await postgres.makeDatabase());
  return new PostgresDatabase(place, { connections: 1, waitMs: Infinity, isForOneLogin: false });
}
