import type { Challenge } from "../../src/core/challenge.ts";
import type { AuditRow, DecisionRecord } from "../../src/core/decision.ts";
import type { EnrolOptions, LoginRecords, NewEnrolment, Store } from "../../src/store/store.ts";
import { ANY_KEYS, newEnrolment, TEST_KEY } from "../lab/secrets.ts";

/** An engine that the contract is tested on. */
export interface Engine {
  /** Runs a test, now or later. */
  test(name: string, work: () => Promise<void>): void;
  /** Makes an empty database. */
  make(): Promise<TestDatabase>;
}

/** A database of a test; disposing removes it, with all stores closed. */
export interface TestDatabase extends AsyncDisposable {
  /** Opens another store on it. */
  open(): Promise<Store>;
}

/** A store of a test, with alice enrolled. */
export interface AliceStore extends Store {
  /** Opens another store on the same database. */
  openAnother(): Promise<Store>;
}

/** Runs a test on a new store, with alice enrolled. */
export async function withAlice(
  engine: Engine,
  test: (store: AliceStore) => Promise<void>,
): Promise<void> {
  await using database = await engine.make();
  const store = await database.open();
  await enrol(store, ["alice"]);
  await test(Object.assign(store, { openAnother: () => database.open() }));
}

/** Enrols users with a secret that is all of one byte. */
export function enrol(
  { enrolments }: Store,
  users: readonly (string | NewEnrolment)[],
  options: Partial<EnrolOptions> = {},
): Promise<void> {
  return enrolments.enrol(
    users.map((user) => typeof user === "string" ? enrolmentOf(user) : user),
    { mayReplace: () => false, ...ANY_KEYS, ...options },
  );
}

export function enrolmentOf(username: string, byte = 1): NewEnrolment {
  return newEnrolment(username, {
    keyId: TEST_KEY.id,
    bytes: new Uint8Array(48).fill(byte),
  });
}

/** An open challenge that expires a second after it was made. */
export function challengeOf(id: string, createdAt = 0, { username = "alice" } = {}): Challenge {
  return {
    id,
    username,
    loginName: username,
    commonName: null,
    address: null,
    createdAt,
    expiresAt: createdAt + 1000,
    answer: null,
  };
}

/** Records a challenge in a transaction of its own. */
export function challenge({ logins }: Store, challenge: Challenge): Promise<void> {
  return logins.transaction((records) => records.recordChallenge(challenge));
}

/** Accepts a challenge, with its answer of a step, in a transaction of its own. */
export function accept({ logins }: Store, id: string, step: number): Promise<void> {
  return logins.transaction(async (records) => {
    const { challenge: { username, loginName } } = (await records.findPending(id))!;
    await records.answerChallenge(id, "accepted");
    await records.recordLogin({ username, loginName, timeStep: step, at: step });
  });
}

/** Keeps everything that a test records. */
export const RULE = { maxDays: 90, maxRows: 10_000 };

export function decisionOf(at: number, rest: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    at,
    loginName: "ALICE",
    username: "alice",
    address: "2001:db8::7",
    commonName: "laptop",
    step: "code",
    outcome: "accepted",
    by: "code",
    reason: null,
    detail: null,
    ...rest,
  };
}

/** A row of the audit trail for one decision. */
export function rowOf(decision: DecisionRecord): AuditRow {
  return { ...decision, count: 1, lastAt: decision.at };
}

/** Runs one step of a login's transaction. */
export function inLogin<T>(
  { logins }: Store,
  work: (records: LoginRecords) => Promise<T>,
): Promise<T> {
  return logins.transaction(work);
}

/** The audit trail, or what of it a filter lets through. */
export async function trailOf(
  { enrolments }: Store,
  filter: Parameters<Store["enrolments"]["decisions"]>[0] = {},
): Promise<AuditRow[]> {
  return (await Array.fromAsync(enrolments.decisions(filter))).flat();
}
