import assert from "node:assert/strict";
import { contentsOf, remember } from "../../../lab/postgres_contents.ts";
import {
  startPostgres,
  type TestPostgres,
  type TestPostgresDatabase,
} from "../../../lab/postgres.ts";
import { AlicesLogins, type Ending, enrolAlice, inShort } from "../../../lab/postgres_logins.ts";
import { type Fault, once, PostgresProxy, times } from "../../../lab/postgres_proxy.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

/** Long enough that only what never comes is too late. */
const TIMEOUT_MS = 60_000;

/** The codes of errors after which a transaction is tried again. */
const COLLISIONS = ["40001", "40P01"];

/** A step of a login, with what came before it, and what it ends with. */
interface Course {
  before?: (logins: AlicesLogins) => Promise<Ending>;
  step: (logins: AlicesLogins) => Promise<Ending>;
  end: string;
}

const COURSES: Record<string, Course> = {
  "a password": {
    step: (logins) => logins.password("a"),
    end: "challenged crtext",
  },
  "a code": {
    before: (logins) => logins.password("a"),
    step: (logins) => logins.code("a"),
    end: "accepted code",
  },
  "an answer to a dynamic challenge": {
    before: (logins) => logins.password("a", "right", false),
    step: (logins) => logins.dynamic("b"),
    end: "accepted code",
  },
  "a session token": {
    step: (logins) => logins.token("a"),
    end: "accepted token",
  },
  "a wrong password": {
    step: (logins) => logins.password("a", "wrong"),
    end: "refused wrong_password",
  },
  "a wrong code": {
    before: (logins) => logins.password("a"),
    step: async (logins) => logins.code("a", await logins.wrongCode()),
    end: "refused wrong_code",
  },
};

/** A statement of a course, its number, and whether it is one of a transaction. */
interface Step {
  sql: string;
  nth: number;
  isInTransaction: boolean;
}

/** What came of a course. */
interface Run {
  end: string;
  steps: Step[];
  contents: string;
}

/** Runs a step with a fault at its statement of this number, or with none. */
async function runStep(
  { step }: Course,
  { database, port }: { database: TestPostgresDatabase; port: number },
  at?: { nth: number; fault: Fault },
): Promise<Run> {
  // One for each run: what is done after a commit may come late, and would be counted in the next.
  await using proxy = new PostgresProxy(port);
  const steps = watch(proxy, at);
  const url = database.address({ hosts: [`127.0.0.1:${proxy.port}`] });
  using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
  const end = inShort(await step(logins));
  return {
    end,
    steps: steps.filter((step) => step.isInTransaction),
    contents: await contentsOf(database),
  };
}

/** Notes the statements that come from now on, and has a fault happen to one. */
function watch(proxy: PostgresProxy, at?: { nth: number; fault: Fault }): Step[] {
  const steps: Step[] = [];
  const open = new Set<number>();
  proxy.judge = ({ sql, connection }) => {
    if (/^begin\b/i.test(sql)) open.add(connection);
    steps.push({ sql, nth: steps.length + 1, isInTransaction: open.has(connection) });
    if (/^(commit|rollback)\b/i.test(sql)) open.delete(connection);
    return steps.length === at?.nth ? at.fault : null;
  };
  return steps;
}

/** Disturbs each statement of a step's transactions in turn. */
async function disturbAll(course: Course, postgres: TestPostgres): Promise<void> {
  const database = await postgres.makeDatabase();
  await enrolAlice(database.url);
  using logins = await AlicesLogins.open(database.url, { timeoutMs: TIMEOUT_MS });
  await course.before?.(logins);
  const reset = await remember(database);
  const place = { database, port: postgres.port };
  const undisturbed = await runStep(course, place);
  assert.equal(undisturbed.end, course.end);
  for (const { nth, sql } of undisturbed.steps) {
    await reset();
    const sqlstate = COLLISIONS[nth % COLLISIONS.length]!;
    const disturbed = await runStep(course, place, { nth, fault: { act: "fail", sqlstate } });
    const about = `${sqlstate} at statement ${nth}: ${sql}`;
    assert.equal(disturbed.end, course.end, about);
    assert.equal(disturbed.contents, undisturbed.contents, about);
    assert(disturbed.steps.length > undisturbed.steps.length, about);
  }
}

testWith(
  POSTGRES_LAB,
  "a login on PostgreSQL comes out right where transactions collide",
  async (t) => {
    await using postgres = await startPostgres();
    for (const [name, course] of Object.entries(COURSES)) {
      // The server's log is read all the time.
      await t.step({ name, fn: () => disturbAll(course, postgres), sanitizeOps: false });
    }
  },
);

testWith(
  POSTGRES_LAB,
  "a login on PostgreSQL is refused where transactions never stop colliding",
  async () => {
    await using postgres = await startPostgres();
    const database = await postgres.makeDatabase();
    await enrolAlice(database.url);
    await using proxy = new PostgresProxy(postgres.port);
    const url = database.address({ hosts: [`127.0.0.1:${proxy.port}`] });
    using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
    const before = await contentsOf(database);
    for (const pattern of [/^SELECT .* FROM openvpn_totp.place_failures/, /^COMMIT/]) {
      const judge = times(Infinity, pattern, { act: "fail", sqlstate: "40001" });
      proxy.judge = (statement) => statement.sql.startsWith("SET") ? null : judge(statement);
      assert.equal(inShort(await logins.password("a")), "database_locked");
      assert(judge.hits() < 20, `${judge.hits()} tries`);
      assert.equal(await contentsOf(database), before);
    }
    proxy.judge = () => null;
    assert.equal(inShort(await logins.password("a")), "challenged crtext");
  },
);

testWith(
  POSTGRES_LAB,
  "a code on PostgreSQL counts once where a commit's connection is lost",
  async () => {
    await using postgres = await startPostgres();
    for (const [when, second] of [["before", "accepted code"], ["after", ""]] as const) {
      const database = await postgres.makeDatabase();
      await enrolAlice(database.url);
      await using proxy = new PostgresProxy(postgres.port);
      const url = database.address({ hosts: [`127.0.0.1:${proxy.port}`] });
      using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
      assert.equal(inShort(await logins.password("a")), "challenged crtext");
      const judge = once(/^COMMIT/, { act: "cut", when });
      proxy.judge = judge;
      assert.equal(inShort(await logins.code("a")), "database_unreachable");
      assert.equal(judge.hits(), 1);
      // What was committed has used up the challenge and the time step, though nobody was let in.
      const again = inShort(await logins.code("a"));
      if (second === "") assert.notEqual(again, "accepted code");
      else assert.equal(again, second);
      assert.equal(inShort(await logins.password("b")), "challenged crtext");
      assert.equal(inShort(await logins.code("b")), "refused code_used");
      const accepted = "SELECT count(*) FROM openvpn_totp.decisions WHERE outcome = 'accepted'";
      assert.equal(await database.psql(accepted), "1");
      logins.now += 30_000;
      assert.equal(inShort(await logins.password("c")), "challenged crtext");
      assert.equal(inShort(await logins.code("c")), "accepted code");
    }
  },
);
