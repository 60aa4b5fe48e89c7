import assert from "node:assert/strict";
import postgresClient, { type Sql } from "postgres";
import { PATIENCE_MS } from "../../lab/patience.ts";
import { startPostgres, type TestPostgres } from "../../lab/postgres.ts";
import { once, PostgresProxy, times } from "../../lab/postgres_proxy.ts";
import { POSTGRES_LAB, testWith } from "../../lab/requirements.ts";

/** A client through the proxy, and the server's own view. */
interface Lab {
  proxy: PostgresProxy;
  sql: Sql;
  /** The numbers that are in the table. */
  numbers: () => Promise<string>;
}

const cases: { name: string; test: (lab: Lab) => Promise<void> }[] = [];

/** A test with a table of numbers and a client of one connection through a proxy. */
function testProxy(name: string, test: (lab: Lab) => Promise<void>): void {
  cases.push({ name, test });
}

/** Runs a test of a proxy in a database of its own. */
async function runCase(postgres: TestPostgres, test: (lab: Lab) => Promise<void>): Promise<void> {
  const { login, name: database, password, psql } = await postgres.makeDatabase();
  await psql(`CREATE TABLE numbers (n int); GRANT ALL ON numbers TO ${login}`);
  await using proxy = new PostgresProxy(postgres.port);
  const sql = postgresClient({
    ...{ host: "127.0.0.1", port: proxy.port, database, username: login, password },
    ...{ max: 1, fetch_types: false, backoff: false, connect_timeout: 60 },
  });
  const numbers = () => psql("SELECT string_agg(n::text, ' ' ORDER BY n) FROM numbers");
  try {
    await test({ proxy, sql, numbers });
  } finally {
    await sql.end({ timeout: 0 });
  }
}

/** Inserts a number in a transaction. */
function insert(sql: Sql, n: number): Promise<unknown> {
  return sql.begin((own) => own`INSERT INTO numbers VALUES (${n})`);
}

/** The code of the error that the work ends with. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => null, (error) => error);
  return String(error?.code);
}

testProxy("passes statements on, counts them, and knows them as they are", async (lab) => {
  const { proxy, sql, numbers } = lab;
  for (const n of [1, 2]) await insert(sql, n);
  await sql`INSERT INTO numbers VALUES (3)`.simple();
  assert.equal(await numbers(), "1 2 3");
  const one = [/^begin/, /^INSERT/, /^commit/];
  const all = [...one, ...one, /VALUES \(3\)/];
  assert.equal(proxy.sql.length, all.length, proxy.sql.join("; "));
  for (const [i, pattern] of all.entries()) assert.match(proxy.sql[i]!, pattern);
  assert.deepEqual(proxy.statements.map(({ connection, nth }) => [connection, nth]).at(-1), [1, 7]);
  assert.equal(proxy.connections, 1);
  assert.equal(proxy.open, 1);
});

for (const pattern of [/^begin/, /^INSERT/, /^commit/]) {
  testProxy(`has a statement like ${pattern} fail, and its transaction too`, async (lab) => {
    const { proxy, sql, numbers } = lab;
    const judge = once(pattern, { act: "fail", sqlstate: "40001" });
    proxy.judge = judge;
    assert.equal(await codeOf(insert(sql, 1)), "40001");
    assert.equal(judge.hits(), 1);
    assert.equal(await numbers(), "");
    await insert(sql, 2);
    assert.equal(await numbers(), "2");
    assert.equal(proxy.connections, 1);
  });
}

testProxy("leaves a failed transaction in which nothing more succeeds", async ({ proxy, sql }) => {
  proxy.judge = once(/^SELECT 1/, { act: "fail", sqlstate: "40P01" });
  await codeOf(sql.begin(async (own) => {
    assert.equal(await codeOf(own.unsafe("SELECT 1")), "40P01");
    assert.equal(await codeOf(own.unsafe("SELECT 2")), "25P02");
  }));
  assert.deepEqual([...await sql`SELECT 1 AS one`], [{ one: 1 }]);
});

testProxy("has so many statements fail as a test wants", async ({ proxy, sql }) => {
  const judge = times(2, /^SELECT/, { act: "fail", sqlstate: "40001" });
  proxy.judge = judge;
  const codes = [];
  for (let i = 0; i < 3; i++) {
    codes.push(await codeOf(sql.unsafe("SELECT 1", [], { prepare: true })));
  }
  assert.deepEqual(codes, ["40001", "40001", "undefined"]);
  assert.equal(judge.hits(), 2);
});

testProxy("cuts a connection before or after a statement has been run", async (lab) => {
  const { proxy, sql, numbers } = lab;
  proxy.judge = once(/^commit/, { act: "cut", when: "before" });
  assert.equal(await codeOf(insert(sql, 1)), "CONNECTION_CLOSED");
  assert.equal(await numbers(), "");
  proxy.judge = once(/^commit/, { act: "cut", when: "after" });
  assert.equal(await codeOf(insert(sql, 2)), "CONNECTION_CLOSED");
  assert.equal(await numbers(), "2");
  await insert(sql, 3);
  assert.equal(await numbers(), "2 3");
  assert.equal(proxy.connections, 3);
});

testProxy("holds a statement back", async ({ proxy, sql, numbers }) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
  proxy.judge = ({ sql }) => {
    if (!/^INSERT/.test(sql)) return null;
    hold();
    return { act: "delay", until: promise };
  };
  const inserted = insert(sql, 1);
  await isHeld;
  assert.equal(await numbers(), "");
  resolve();
  await inserted;
  assert.equal(await numbers(), "1");
});

for (const [when, left] of [["before", ""], ["after", "1"]] as const) {
  testProxy(`falls silent ${when} a statement is run`, async ({ proxy, sql, numbers }) => {
    proxy.judge = once(/INSERT/, { act: "silence", when });
    const code = codeOf(sql.unsafe("INSERT INTO numbers VALUES (1)"));
    const deadline = Date.now() + PATIENCE_MS;
    while (await numbers() !== left || proxy.statements.length === 0) {
      assert(Date.now() < deadline);
    }
    proxy.cut();
    assert.equal(await code, "CONNECTION_CLOSED");
    assert.equal(await numbers(), left);
  });
}

testProxy("refuses, swallows and takes connections as a test wants", async (lab) => {
  const { proxy, sql, numbers } = lab;
  proxy.refuse();
  assert.equal(await codeOf(sql`SELECT 1`), "ECONNREFUSED");
  proxy.admit();
  await sql`SELECT 1`;
  proxy.silence();
  let isAnswered = false;
  const asked = codeOf(sql`SELECT 1`).finally(() => isAnswered = true);
  // Whoever asks the server itself has an answer long after the client would have had it.
  for (let i = 0; i < 3; i++) await numbers();
  assert.equal(isAnswered, false);
  proxy.speak();
  assert.equal(await asked, "CONNECTION_CLOSED");
  await sql`SELECT 1`;
});

// The tests share a server, whose start takes longer than all of them. Its log is read all the time.
testWith(POSTGRES_LAB, "a proxy of PostgreSQL", async (t) => {
  await using postgres = await startPostgres();
  for (const { name, test } of cases) {
    await t.step({ name, fn: () => runCase(postgres, test), sanitizeOps: false });
  }
});
