import assert from "node:assert/strict";
import type { Challenge } from "../../../../src/core/challenge.ts";
import { NO_FAILURES } from "../../../../src/core/lockout.ts";
import type { Connection, Value } from "../../../../src/store/postgres/connection.ts";
import { type Database, PostgresDatabase } from "../../../../src/store/postgres/database.ts";
import { PostgresEnrolmentStore } from "../../../../src/store/postgres/enrolment_store.ts";
import { PostgresLoginStore } from "../../../../src/store/postgres/login_store.ts";
import type { EnrolmentStore, LoginRecords, LoginStore } from "../../../../src/store/store.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import { startPostgres } from "../../../lab/postgres.ts";
import { crowdTime, crowdUser, fillDatabase } from "../../../lab/postgres_crowd.ts";
import { scansOf } from "../../../lab/postgres_plans.ts";
import { placeOf } from "../../../lab/postgres_store.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";
import { ANY_KEYS, newEnrolment, TEST_KEY } from "../../../lab/secrets.ts";
import { decisionOf } from "../../../contract/stores.ts";

const NOW = crowdTime();

/** These give all that there is. */
const READ_ALL = ["list", "exemptions"] as const;

type Statements = Map<string, readonly Value[]>;

/** A database that remembers which statements were run on it. */
class RecordingDatabase implements Database {
  statements: Statements = new Map();
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#database.read((connection) => work(this.#recorded(connection)));
  }

  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#database.transaction((connection) => work(this.#recorded(connection)));
  }

  #recorded(connection: Connection): Connection {
    return {
      run: (sql, values = []) => {
        this.statements.set(sql, values);
        return connection.run(sql, values);
      },
      afterwards: (sql, values = []) => {
        this.statements.set(sql, values);
        connection.afterwards(sql, values);
      },
    };
  }
}

/** Everything that is asked of a store, in all the ways that lead to statements of their own. */
type Acts<T> = Record<keyof T, (store: T) => Promise<unknown>>;

const USER = crowdUser(123);

const CHALLENGE: Challenge = {
  id: "attempt",
  username: USER,
  loginName: USER,
  commonName: null,
  address: null,
  createdAt: NOW,
  expiresAt: NOW + 1000,
  answer: null,
};

const READS: Omit<Acts<LoginStore>, "transaction"> = {
  findPending: (store) => store.findPending("attempt"),
  findEnrolment: async (store) => {
    await store.findEnrolment(USER);
    await store.findEnrolment("nobody", `${USER}@example.org`);
  },
  findPlaceFailures: (store) => store.findPlaceFailures("place"),
  findFailuresOfPlaces: (store) => store.findFailuresOfPlaces(["place", "other"]),
  findKnownPlace: (store) => store.findKnownPlace("place"),
  isOpen: (store) => store.isOpen("attempt"),
};

const RECORDS: Acts<LoginRecords> = {
  findPlaceFailures: (records) => records.findPlaceFailures("place"),
  findFailuresOfPlaces: (records) => records.findFailuresOfPlaces(["place", "other"]),
  findKnownPlace: (records) => records.findKnownPlace("place"),
  findEnrolment: async (records) => {
    await records.findEnrolment(USER);
    await records.findEnrolment("nobody", `${USER}@example.org`);
  },
  saveFailures: (records) => records.saveFailures(USER, NO_FAILURES),
  recordChallenge: (records) => records.recordChallenge(CHALLENGE),
  findPending: (records) => records.findPending("attempt"),
  answerChallenge: (records) => records.answerChallenge("attempt", "accepted"),
  forgetChallenge: (records) => records.forgetChallenge("attempt"),
  recordLogin: async (records) => {
    await records.recordLogin({ username: USER, loginName: USER, timeStep: 2, at: NOW });
    await records.recordLogin({ username: USER, loginName: "alias", timeStep: 3, at: NOW });
  },
  recordUncodedSession: async (records) => {
    for (let i = 0; i < 60; i++) {
      await records.recordUncodedSession({ username: USER, since: NOW + i, until: NOW + i });
    }
  },
  mayBeUncoded: (records) => records.mayBeUncoded(USER, NOW),
  useRecoveryCode: (records) => records.useRecoveryCode(USER, "mark"),
  similarUsernames: (records) => records.similarUsernames([USER, "nobody"]),
  findExemption: (records) => records.findExemption(USER),
  isNoticeDue: (records) => records.isNoticeDue("notice", NOW, NOW - 1000),
  savePlaceFailures: async (records) => {
    await records.savePlaceFailures("place", { level: 1, lastAt: NOW, goneAt: NOW + 1000 });
    await records.savePlaceFailures("place", null);
  },
  saveKnownPlace: (records) =>
    records.saveKnownPlace("place", { username: USER, lastLoginAt: NOW, failures: NO_FAILURES }),
  isNewPassword: (records) => records.isNewPassword("place", "mark", NOW, NOW + 1000),
  openAttempt: (records) =>
    records.openAttempt({ id: "attempt", places: ["place"], expiresAt: NOW + 1000 }, NOW),
  openAttemptsAt: (records) => records.openAttemptsAt("place"),
  expiredAttemptsAt: (records) => records.expiredAttemptsAt("place", NOW, NOW + 1000),
  closeAttempt: (records) => records.closeAttempt("attempt"),
  closeAttemptsAt: (records) => records.closeAttemptsAt("place"),
  recordDecision: async (records) => {
    const rule = { maxDays: 90, maxRows: 100_000 };
    await records.recordDecision(decisionOf(NOW), rule);
    const refused = { outcome: "refused", reason: "wrong_code", by: null } as const;
    await records.recordDecision(decisionOf(NOW, refused), rule);
  },
};

const ADMINISTRATION: Omit<Acts<EnrolmentStore>, typeof READ_ALL[number]> = {
  keyIds: (store) => store.keyIds(),
  enrol: async (store) => {
    const enrolments = [USER, "somebody new"].map((username) => ({
      ...newEnrolment(username, { keyId: TEST_KEY.id, bytes: new Uint8Array(48) }),
      recoveryMarks: ["mark"],
    }));
    await store.enrol(enrolments, { mayReplace: () => true, ...ANY_KEYS });
  },
  replaceSecrets: async (store) => {
    const enrolment = (await store.find(USER))!;
    await store.replaceSecrets([{ enrolment, sealed: enrolment.secret }]);
  },
  users: async (store) => {
    for (const direction of ["ascending", "descending"] as const) {
      let pages = 0;
      for await (const _ of store.users(direction)) if (++pages === 2) break;
    }
  },
  usersNamed: (store) => store.usersNamed([USER, "nobody"]),
  find: (store) => store.find(USER),
  openChallenges: async (store) => {
    await store.openChallenges(NOW);
    await store.openChallenges(NOW, USER);
  },
  decisions: async (store) => {
    for (const filter of [{}, { username: USER, since: NOW, outcome: "refused" }] as const) {
      let pages = 0;
      for await (const _ of store.decisions(filter)) if (++pages === 2) break;
    }
  },
  follow: async (store) => {
    for (const filter of [{}, { username: USER, since: NOW, outcome: "refused" }] as const) {
      const follower = store.follow(filter);
      while ((await follower.next(NOW)).length > 0);
    }
  },
  unlock: (store) => store.unlock(USER),
  placeCodes: async (store) => {
    await store.placeCodes();
    await store.placeCodes(USER);
  },
  setDisabled: async (store) => {
    await store.setDisabled(USER, NOW);
    await store.setDisabled(USER, null);
  },
  replaceRecoveryCodes: async (store) =>
    await store.replaceRecoveryCodes((await store.find(USER))!, ["mark", "another"]),
  hasRecoveryCode: (store) => store.hasRecoveryCode(USER, "mark"),
  useRecoveryCode: (store) => store.useRecoveryCode(USER, "mark"),
  useTimeStep: (store) => store.useTimeStep({ username: USER, enrolledAt: NOW }, 1),
  exempt: (store) => store.exempt({ username: USER, since: NOW, until: null, from: null }),
  endExemption: (store) => store.endExemption(USER),
  delete: (store) => store.delete(crowdUser(124), NOW),
};

testWith(POSTGRES_LAB, "no statement goes through all rows of a table that grows", async (t) => {
  await using postgres = await startPostgres({
    settings: { shared_buffers: "64MB", random_page_cost: "1.1" },
  });
  const database = await postgres.makeDatabase();
  await fillDatabase(database, { users: 20_000, decisions: 100_000 });
  using real = new PostgresDatabase(placeOf(database), {
    connections: 2,
    waitMs: PATIENCE_MS,
    isForOneLogin: false,
  });
  const recording = new RecordingDatabase(real);
  const logins = new PostgresLoginStore(recording);
  const enrolments = new PostgresEnrolmentStore(recording);

  const check = (name: string, act: () => Promise<unknown>) =>
    t.step({
      name,
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        recording.statements = new Map();
        await act();
        await real.settled();
        assert(recording.statements.size > 0);
        for (const [sql, values] of recording.statements) {
          assert.deepEqual(await scansOf(real, sql, values), [], sql);
        }
      },
    });
  for (const [name, act] of Object.entries(READS)) await check(name, () => act(logins));
  for (const [name, act] of Object.entries(RECORDS)) {
    await check(`${name} in a transaction`, () => logins.transaction(act));
  }
  for (const [name, act] of Object.entries(ADMINISTRATION)) {
    await check(`${name} of administration`, () => act(enrolments));
  }
});
