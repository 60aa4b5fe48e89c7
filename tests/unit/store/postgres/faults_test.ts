import assert from "node:assert/strict";
import { freePort } from "../../../lab/free_port.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import {
  startPostgres,
  startReplica,
  type TestPostgres,
  type TestPostgresDatabase,
} from "../../../lab/postgres.ts";
import { AlicesLogins, enrolAlice, inShort } from "../../../lab/postgres_logins.ts";
import { PostgresProxy } from "../../../lab/postgres_proxy.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

/** How long logins wait for the server. */
const TIMEOUT_MS = 1000;

/** How long a login with that wait may take on a busy machine, with all that it does. */
const BOUND_MS = 10_000;

/** How often a fault is met, so that what it leaves behind adds up. */
const ROUNDS = 3;

/** Runs a test on a database with alice. */
async function withAlice(
  test: (postgres: TestPostgres, database: TestPostgresDatabase) => Promise<void>,
): Promise<void> {
  await using postgres = await startPostgres();
  const database = await postgres.makeDatabase();
  await enrolAlice(database.url);
  await test(postgres, database);
}

/** What a password ends with, which comes in time. */
async function inTime(logins: AlicesLogins, id = crypto.randomUUID()): Promise<string> {
  const start = performance.now();
  const end = inShort(await logins.password(id));
  const ms = performance.now() - start;
  assert(ms < BOUND_MS, `${end} came after ${Math.round(ms)} ms`);
  return end;
}

/** Asserts that a login meets a failure again and again, and that each has let go of all it opened. */
async function failsEachTime(logins: AlicesLogins, code: string): Promise<void> {
  assert.equal(await inTime(logins), code);
  const before = connections(logins.url);
  for (let i = 0; i < ROUNDS; i++) assert.equal(await inTime(logins), code);
  // Deno closes sockets a moment later.
  const deadline = performance.now() + PATIENCE_MS;
  while (connections(logins.url) > before) {
    const now = connections(logins.url);
    assert(performance.now() < deadline, `${now} connections, and ${before} before`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How many connections are open to the hosts of a URL, without those that the system still ends. */
function connections(url: string): number {
  const ports = [...url.matchAll(/127\.0\.0\.1:(\d+)/g)]
    .map(([, port]) => `:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`);
  return Deno.readTextFileSync("/proc/self/net/tcp").split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote, , , , , , , inode]) =>
      inode !== "0" && ports.some((port) => remote?.endsWith(port))
    ).length;
}

testWith(
  POSTGRES_LAB,
  "a login is refused while PostgreSQL is stopped, and passes afterwards",
  async () => {
    await withAlice(async (postgres, { url }) => {
      using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
      assert.equal(await inTime(logins), "challenged crtext");
      for (const how of ["fast", "immediate"] as const) {
        await postgres.stop(how);
        await failsEachTime(logins, "database_unreachable");
        await postgres.start();
        assert.equal(await inTime(logins), "challenged crtext");
      }
    });
  },
);

testWith(
  POSTGRES_LAB,
  "a login is refused in time while PostgreSQL hangs, and passes afterwards",
  async () => {
    await withAlice(async (postgres, { url }) => {
      using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
      assert.equal(await inTime(logins), "challenged crtext");
      postgres.pause();
      await failsEachTime(logins, "database_unreachable");
      postgres.resume();
      assert.equal(await inTime(logins), "challenged crtext");
    });
  },
);

testWith(
  POSTGRES_LAB,
  "a login is refused in time where nothing comes back, and passes afterwards",
  async () => {
    await withAlice(async (postgres, database) => {
      await using proxy = new PostgresProxy(postgres.port);
      const url = database.address({ hosts: [`127.0.0.1:${proxy.port}`] });
      using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
      assert.equal(await inTime(logins), "challenged crtext");
      proxy.silence();
      await failsEachTime(logins, "database_unreachable");
      proxy.speak();
      assert.equal(await inTime(logins), "challenged crtext");
      for (const pattern of [/^BEGIN/, /^INSERT/, /^COMMIT/]) {
        for (const when of ["before", "after"] as const) {
          proxy.judge = ({ sql }) => pattern.test(sql) ? { act: "silence", when } : null;
          assert.equal(await inTime(logins), "database_unreachable", `${pattern} ${when}`);
          proxy.judge = () => null;
          assert.equal(await inTime(logins), "challenged crtext", `${pattern} ${when}`);
        }
      }
    });
  },
);

testWith(
  POSTGRES_LAB,
  "a login is refused where PostgreSQL lets the program's user not in",
  async () => {
    await withAlice(async (postgres, database) => {
      const { address, login, name, psql, passFile } = database;
      const wrong = `${postgres.home.path}/wrong.pgpass`;
      await Deno.writeTextFile(wrong, "*:*:*:*:wrong\n", { mode: 0o600 });
      const usual = address({});
      const refused = [
        address({ parameters: { passfile: wrong } }),
        usual.replace(`${login}@`, "nobody@").replace(encodeURIComponent(passFile), wrong),
        usual.replace(`/${name}?`, "/nothing?").replace(encodeURIComponent(passFile), wrong),
      ];
      for (const url of refused) {
        using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
        await failsEachTime(logins, "database_refused");
      }
      using logins = await AlicesLogins.open(usual, { timeoutMs: TIMEOUT_MS });
      await psql(`ALTER ROLE ${login} NOLOGIN`);
      await failsEachTime(logins, "database_refused");
      await psql(`ALTER ROLE ${login} LOGIN`);
      assert.equal(await inTime(logins), "challenged crtext");
    });
  },
);

testWith(
  POSTGRES_LAB,
  "a login is refused where PostgreSQL has no connection left, and passes afterwards",
  async () => {
    await withAlice(async (_, { url, psql, login }) => {
      await psql(`ALTER ROLE ${login} CONNECTION LIMIT 0`);
      using logins = await AlicesLogins.open(url, { timeoutMs: TIMEOUT_MS });
      await failsEachTime(logins, "database_unreachable");
      await psql(`ALTER ROLE ${login} CONNECTION LIMIT -1`);
      assert.equal(await inTime(logins), "challenged crtext");
    });
  },
);

testWith(POSTGRES_LAB, "a login goes to the PostgreSQL server that takes writes", async () => {
  await withAlice(async (primary, { address }) => {
    await using replica = await startReplica(primary);
    await replica.caughtUp(primary);
    const [first, second] = [`127.0.0.1:${primary.port}`, `127.0.0.1:${replica.port}`];
    const nobody = `127.0.0.1:${freePort()}`;
    const open = (...hosts: string[]) =>
      AlicesLogins.open(address({ hosts }), { timeoutMs: TIMEOUT_MS });
    using onlyReading = await open(second);
    await failsEachTime(onlyReading, "database_readonly");
    for (const hosts of [[first, second], [second, first], [nobody, first]]) {
      using logins = await open(...hosts);
      assert.equal(await inTime(logins), "challenged crtext", hosts.join());
    }
    using logins = await open(first, second);
    assert.equal(await inTime(logins), "challenged crtext");
    await primary.stop("immediate");
    assert.equal(await inTime(logins), "database_readonly");
    await replica.promote();
    assert.equal(await inTime(logins), "challenged crtext");
    assert.equal(await inTime(onlyReading), "challenged crtext");
  });
});
