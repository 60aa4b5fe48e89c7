import assert from "node:assert/strict";
import { contentsOf, remember } from "../../../lab/postgres_contents.ts";
import { startPostgres, type TestPostgresDatabase } from "../../../lab/postgres.ts";
import { AlicesLogins, enrolAlice, inShort } from "../../../lab/postgres_logins.ts";
import { type Fault, PostgresProxy } from "../../../lab/postgres_proxy.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

/** Long enough that only what never comes is too late. */
const TIMEOUT_MS = 60_000;

/** The codes of errors after which a transaction is tried again. */
const COLLISIONS = ["40001", "40P01"];

/** Whole logins, and with what each of their steps ends. */
const COURSES: Record<
  string,
  { run: (logins: AlicesLogins) => Promise<string[]>; ends: string[] }
> = {
  "a password and its code": {
    run: async (logins) => [
      inShort(await logins.password("a")),
      inShort(await logins.code("a")),
    ],
    ends: ["challenged crtext", "accepted code"],
  },
  "a dynamic challenge": {
    run: async (logins) => [
      inShort(await logins.password("a", "right", false)),
      inShort(await logins.dynamic("b")),
    ],
    ends: ["challenged dynamic", "accepted code"],
  },
  "a session token": {
    run: async (logins) => [inShort(await logins.token("a"))],
    ends: ["accepted token"],
  },
  "a wrong password": {
    run: async (logins) => [inShort(await logins.password("a", "wrong"))],
    ends: ["refused wrong_password"],
  },
  "a wrong code": {
    run: async (logins) => [
      inShort(await logins.password("a")),
      inShort(await logins.code("a", await logins.rightCode() === "000000" ? "111111" : "000000")),
    ],
    ends: ["challenged crtext", "refused wrong_code"],
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
  ends: string[];
  steps: Step[];
  contents: string;
}

/** Runs a course with a fault at its statement of this number, or with none. */
async function runCourse(
  course: string,
  { database, port }: { database: TestPostgresDatabase; port: number },
  at?: { nth: number; fault: Fault },
): Promise<Run> {
  // One for each run: what is done after a commit may come late, and would be counted in the next.
  await using proxy = new PostgresProxy(port);
  const steps = watch(proxy, at);
  const url = database.address({ hosts: [`127.0.0.1:${proxy.port}`] });
  using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
  const ends = await COURSES[course]!.run(logins);
  return {
    ends,
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

for (const [name, { ends }] of Object.entries(COURSES)) {
  testWith(
    POSTGRES_LAB,
    `${name} on PostgreSQL comes out right where transactions collide`,
    async () => {
      await using postgres = await startPostgres();
      const database = await postgres.makeDatabase();
      await enrolAlice(database.url);
      const reset = await remember(database);
      const run = (at?: { nth: number; fault: Fault }) =>
        runCourse(name, { database, port: postgres.port }, at);
      const undisturbed = await run();
      assert.deepEqual(undisturbed.ends, ends);
      for (const { nth, sql } of undisturbed.steps) {
        for (const sqlstate of COLLISIONS) {
          await reset();
          const disturbed = await run({ nth, fault: { act: "fail", sqlstate } });
          const about = `${sqlstate} at statement ${nth}: ${sql}`;
          assert.deepEqual(disturbed.ends, ends, about);
          assert.equal(disturbed.contents, undisturbed.contents, about);
          assert(disturbed.steps.length > undisturbed.steps.length, about);
        }
      }
    },
  );
}
