import assert from "node:assert/strict";
import { dueTimersRun } from "../../../lab/due_timers.ts";
import { Failure } from "../../../../src/core/failure.ts";
import { postgresPlace } from "../../../../src/core/postgres_url.ts";
import { PostgresDatabase } from "../../../../src/store/postgres/database.ts";
import { Deadline, TooLate } from "../../../../src/store/postgres/deadline.ts";
import type { Link } from "../../../../src/store/postgres/link.ts";
import { Links } from "../../../../src/store/postgres/links.ts";
import { freePort } from "../../../lab/free_port.ts";
import { fails } from "../../../lab/failures.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import { startPostgres, type TestPostgresDatabase } from "../../../lab/postgres.ts";
import { POSTGRES_LAB, testWith } from "../../../lab/requirements.ts";

/** A link that leads nowhere, for what is only about whose turn it is. */
function idleLink(): Link {
  return { isBroken: false, close() {} } as unknown as Link;
}

/** Links of which there is one, and how many were opened. */
function oneLink(): { links: Links; opened: () => number } {
  let opened = 0;
  const source = {
    open: () => Promise.resolve((opened++, idleLink())),
    tryAgain: () => Promise.resolve(),
  };
  return { links: new Links(source, 1), opened: () => opened };
}

/** Work that says when it has begun, and ends when it is told to. */
function held(links: Links, deadline = new Deadline(Infinity)) {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const done = links.use(deadline, async () => {
    begun.resolve();
    await end.promise;
    return { result: null, rest: null };
  });
  return { begun: begun.promise, end: end.resolve, done };
}

Deno.test("those who wait for a link on PostgreSQL get it in the order in which they came", async () => {
  const { links, opened } = oneLink();
  const first = held(links);
  await first.begun;
  const order: number[] = [];
  const others = Array.from({ length: 20 }, (_, i) =>
    links.use(new Deadline(Infinity), () => {
      order.push(i);
      return Promise.resolve({ result: i, rest: null });
    }));
  first.end();
  assert.deepEqual(await Promise.all(others), Array.from({ length: 20 }, (_, i) => i));
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
  assert.equal(opened(), 1);
});

Deno.test("who waits for too long leaves the queue, and takes nobody's turn", async () => {
  const { links } = oneLink();
  const first = held(links);
  await first.begun;
  const late = held(links, new Deadline(10));
  const patient = held(links);
  await assert.rejects(late.done, TooLate);
  let isSettled = false;
  const settled = links.settled().then(() => isSettled = true);
  first.end();
  await patient.begun;
  assert.equal(isSettled, false);
  patient.end();
  await settled;
  await Promise.all([first.done, patient.done]);
});

Deno.test("a link that cannot be opened leaves its turn to the next", async () => {
  let tries = 0;
  const source = {
    open: () => ++tries < 3 ? Promise.reject(new Error("no")) : Promise.resolve(idleLink()),
    tryAgain: () => Promise.resolve(),
  };
  const links = new Links(source, 1);
  const use = () =>
    links.use(new Deadline(Infinity), () => Promise.resolve({ result: "in", rest: null }));
  const all = await Promise.allSettled([use(), use(), use()]);
  assert.deepEqual(all.map(({ status }) => status), ["rejected", "rejected", "fulfilled"]);
  await links.settled();
});

function databaseOf(
  { url }: Pick<TestPostgresDatabase, "url">,
  { connections = 1, waitMs = PATIENCE_MS } = {},
): PostgresDatabase {
  const place = postgresPlace(url, waitMs)!;
  return new PostgresDatabase(place, { connections, waitMs, isForOneLogin: false });
}

function one(database: PostgresDatabase): Promise<unknown> {
  return database.read(async (connection) =>
    (await connection.run("SELECT 1 AS one")).rows[0]!.one
  );
}

function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** What the runtime opens for itself when it first uses the network, and keeps. */
const RUNTIMES_OWN = 8;

/** Waits until no more descriptors are open than before, but for the runtime's own. */
async function letGo(before: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (descriptors() > before + RUNTIMES_OWN) {
    assert(performance.now() < end, `${descriptors()} descriptors, and ${before} before`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

testWith(
  POSTGRES_LAB,
  "a link on PostgreSQL that breaks while it rests costs nothing",
  async () => {
    await using postgres = await startPostgres();
    const rig = await postgres.makeDatabase();
    using database = databaseOf(rig, { connections: 2 });
    for (let round = 0; round < 3; round++) {
      assert.deepEqual(await Promise.all([one(database), one(database)]), [1, 1]);
      await rig.psql(
        `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '${rig.login}'`,
      );
      assert.deepEqual(await Promise.all([one(database), one(database)]), [1, 1]);
    }
  },
);

testWith(
  POSTGRES_LAB,
  "a statement on PostgreSQL that takes too long ends its link alone",
  async () => {
    await using postgres = await startPostgres();
    const rig = await postgres.makeDatabase();
    using database = databaseOf(rig, { connections: 2, waitMs: 2000 });
    await one(database);
    const slow = database.read((connection) => connection.run("SELECT pg_sleep(600)"));
    const end = fails(() => slow, "database_unreachable");
    let isOver = false;
    const over = end.finally(() => isOver = true);
    while (!isOver) assert.equal(await one(database), 1);
    await over;
    assert.equal(await one(database), 1);
    // The server has ended the statement, too.
    const running =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' " +
      "AND state = 'active'";
    while (await rig.psql(running) !== "0");
  },
);

testWith(
  POSTGRES_LAB,
  "a transaction whose machine stands still is cut off by PostgreSQL, and keeps nobody waiting",
  async () => {
    await using postgres = await startPostgres();
    const rig = await postgres.makeDatabase();
    using still = databaseOf(rig, { waitMs: Infinity });
    using other = databaseOf(rig);
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const cutOff = still.transaction(async (connection) => {
      await connection.run("LOCK TABLE openvpn_totp.turns IN EXCLUSIVE MODE");
      begun.resolve();
      await end.promise;
      await connection.run(INSERT, ["too late", 1]);
    });
    const failed = fails(() => cutOff, "database_unreachable");
    await Promise.race([begun.promise, failed]);
    await other.transaction((connection) => connection.run(INSERT, ["in time", 1])).finally(
      end.resolve,
    );
    await failed;
    assert.equal(await rig.psql("SELECT notice FROM openvpn_totp.notices"), "in time");
  },
);

testWith(POSTGRES_LAB, "work on PostgreSQL goes on to its end while all is closed", async () => {
  await using postgres = await startPostgres();
  const rig = await postgres.makeDatabase();
  const before = descriptors();
  const database = databaseOf(rig);
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const work = database.transaction(async (connection) => {
    begun.resolve();
    await end.promise;
    await connection.run(INSERT, ["while it closed", 1]);
    connection.afterwards(INSERT, ["afterwards", 1]);
  });
  await begun.promise;
  database.close();
  end.resolve();
  await work;
  await database.settled();
  assert.equal(await rig.psql("SELECT count(*) FROM openvpn_totp.notices"), "2");
  await letGo(before);
});

const INSERT = "INSERT INTO openvpn_totp.notices (notice, said_at) VALUES ($1, $2)";

/** A test after which the library's timers are over. */
function testLibrary(name: string, fn: () => Promise<void>): void {
  Deno.test(name, async () => {
    await fn();
    await dueTimersRun();
  });
}

testLibrary("hundreds of logins without a PostgreSQL server leave nothing behind", async () => {
  using hanging = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const before = descriptors();
  const place = (port: number) => ({ url: `postgres://u@127.0.0.1:${port}/d` });
  using refusing = databaseOf(place(freePort()), { connections: 4 });
  const failing = (database: PostgresDatabase, count: number) =>
    Promise.all(Array.from({ length: count }, async () => {
      await fails(() => one(database), "database_unreachable");
    }));
  for (let round = 0; round < 3; round++) await failing(refusing, 100);
  // Nobody takes what comes here; the system does, as far as its queue goes.
  for (let round = 0; round < 10; round++) {
    using silent = databaseOf(place(hanging.addr.port), { connections: 4, waitMs: 100 });
    await failing(silent, 8);
    await silent.settled();
  }
  await refusing.settled();
  await letGo(before);
});

testLibrary("a PostgreSQL server that closes connections at once ends no process", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const connection of listener) connection.close();
  })();
  using database = databaseOf({ url: `postgres://u@127.0.0.1:${listener.addr.port}/d` });
  for (let round = 0; round < 50; round++) {
    await fails(() => one(database), "database_unreachable");
  }
  listener.close();
  await accepting;
});

testWith(POSTGRES_LAB, "a flood of logins outlives a restart of PostgreSQL", async () => {
  await using postgres = await startPostgres();
  const rig = await postgres.makeDatabase();
  using database = databaseOf(rig, { connections: 4 });
  const write = (name: string) =>
    database.transaction(async (connection) => void await connection.run(INSERT, [name, 1]));
  const flood = (name: string) =>
    Array.from({ length: 500 }, async (_, i) => {
      try {
        await write(`${name}${i}`);
        return `${name}${i}`;
      } catch (error) {
        assert(error instanceof Failure, String(error));
        return error.code;
      }
    });
  const during = flood("during ");
  await Promise.race(during);
  await postgres.stop("immediate");
  await postgres.start();
  const ends = await Promise.all(during);
  const after = await Promise.all(flood("after "));
  assert.deepEqual(after, after.map((_, i) => `after ${i}`));
  await database.settled();
  const rows = (await rig.psql("SELECT notice FROM openvpn_totp.notices")).split("\n");
  for (const end of [...ends, ...after]) {
    // Whoever is told that it is written finds it; of others, nobody knows.
    assert(end === "database_unreachable" || rows.includes(end), end);
  }
  assert(ends.some((end) => end.startsWith("during ")));
});
