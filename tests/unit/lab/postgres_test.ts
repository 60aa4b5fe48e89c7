import assert from "node:assert/strict";
import postgresClient from "postgres";
import { startPostgres, startReplica } from "../../lab/postgres.ts";
import { removeLeftovers } from "../../lab/leftovers.ts";
import { isAbandoned, OWNER_VARIABLE } from "../../lab/owner.ts";
import { PATIENCE_MS } from "../../lab/patience.ts";
import { POSTGRES_LAB, testWith } from "../../lab/requirements.ts";

const LAB = new URL("../../lab/", import.meta.url).href;

/** Starts a server in another process, does this with it, reports it, and waits to be killed. */
const victim = (act: string) => `
  import { startPostgres } from "${LAB}postgres.ts";
  const postgres = await startPostgres();
  ${act};
  console.log(JSON.stringify(postgres.pids()));
  await Deno.stdin.read(new Uint8Array(1));
`;

testWith(POSTGRES_LAB, "startPostgres gives databases with roles of their own", async () => {
  await using postgres = await startPostgres();
  const { login, owner, name, psql, passFile, password } = await postgres.makeDatabase();
  assert.equal(await psql("SELECT current_user"), "postgres");
  const as = (user: string, file: string) =>
    postgres.psql("SELECT current_user, current_database()", {
      database: name,
      user,
      passFile: file,
    });
  assert.equal(await as(login, passFile), `${login}|${name}`);
  await assert.rejects(as(owner, passFile), /no password supplied/);
  for (const host of ["127.0.0.1", "::1"]) {
    const sql = postgresClient({
      host,
      port: postgres.port,
      database: name,
      username: login,
      password,
    });
    assert.deepEqual([...await sql`SELECT 1 AS one`], [{ one: 1 }]);
    await sql.end();
  }
});

testWith(
  POSTGRES_LAB,
  "a test's server keeps its data and its port when it is started again",
  async () => {
    await using postgres = await startPostgres();
    const { psql } = await postgres.makeDatabase();
    await psql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
    for (const how of ["fast", "immediate"] as const) {
      await postgres.stop(how);
      await assert.rejects(psql("SELECT n FROM kept"), /Connection refused|No such file/);
      await postgres.start();
      assert.equal(await psql("SELECT n FROM kept"), "1");
    }
  },
);

testWith(POSTGRES_LAB, "a test's server answers nothing while it is paused", async () => {
  await using postgres = await startPostgres();
  postgres.pause();
  let isAnswered = false;
  const answer = postgres.psql("SELECT 1").then((text) => {
    isAnswered = true;
    return text;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(isAnswered, false);
  postgres.resume();
  assert.equal(await answer, "1");
  // A paused server ends with its scope, too.
  postgres.pause();
});

testWith(
  POSTGRES_LAB,
  "startReplica gives a server that only reads, until it is promoted",
  async () => {
    await using primary = await startPostgres();
    const { name, psql } = await primary.makeDatabase();
    await using replica = await startReplica(primary);
    await psql("CREATE TABLE followed (n int)");
    await replica.caughtUp(primary);
    const insert = () => replica.psql("INSERT INTO followed VALUES (1)", { database: name });
    await assert.rejects(insert(), /read-only transaction/);
    await primary.stop("immediate");
    await replica.promote();
    await insert();
    assert.equal(await replica.psql("SELECT n FROM followed", { database: name }), "1");
  },
);

testWith(
  [...POSTGRES_LAB, "openssl"],
  "a test's server has the certificate that it was given",
  async () => {
    await using postgres = await startPostgres({ tls: { isRequired: true } });
    const { name, login, password } = await postgres.makeDatabase();
    const connect = async (ca: string | null) => {
      const sql = postgresClient({
        ...{ host: "127.0.0.1", port: postgres.port, database: name, username: login },
        password,
        ssl: ca === null ? false : { ca: Deno.readTextFileSync(ca), servername: "localhost" },
        max: 1,
      });
      try {
        const [row] = await sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;
        return row!.ssl;
      } finally {
        await sql.end();
      }
    };
    const { rootFile, foreignRootFile } = postgres.certificates!;
    assert.equal(await connect(rootFile), true);
    await assert.rejects(connect(foreignRootFile), /certificate/i);
    await assert.rejects(connect(null), /no encryption|pg_hba/);
    await postgres.useCertificate({ isExpired: true });
    await assert.rejects(connect(rootFile), /expired/i);
    await postgres.useCertificate({ isForeign: true });
    await assert.rejects(connect(rootFile), /certificate|issuer/i);
    await postgres.useCertificate({ names: ["elsewhere.test"] });
    await assert.rejects(connect(rootFile), /name/i);
  },
);

testWith(
  [...POSTGRES_LAB, "openssl"],
  "a test's server asks clients for their certificate",
  async () => {
    await using postgres = await startPostgres({ tls: { asksClients: true } });
    const { name, login, owner } = await postgres.makeDatabase();
    const certificates = postgres.certificates!;
    const { certificate, key } = await certificates.makeClients(login);
    const connect = async (username: string) => {
      const sql = postgresClient({
        ...{ host: "127.0.0.1", port: postgres.port, database: name, username, max: 1 },
        ssl: {
          ca: Deno.readTextFileSync(certificates.rootFile),
          servername: "localhost",
          cert: Deno.readTextFileSync(certificate),
          key: Deno.readTextFileSync(key),
        },
      });
      try {
        const [row] = await sql`SELECT current_user AS name`;
        return row!.name;
      } finally {
        await sql.end();
      }
    };
    assert.equal(await connect(login), login);
    await assert.rejects(connect(owner), /certificate authentication failed/);
  },
);

/** Waits until a process has ended. */
async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (isRunning(pid)) {
    assert(Date.now() < deadline, `${pid} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isRunning(pid: number): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`) !== "";
  } catch {
    return false;
  }
}

/** Lets another process start a server, and kills it; gives the server's processes. */
async function leaveServer(act = ""): Promise<number[]> {
  const child = new Deno.Command("env", {
    args: ["-u", OWNER_VARIABLE, Deno.execPath(), "eval", victim(act)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  const pids: number[] = JSON.parse(value!);
  assert(pids.length > 3 && pids.every(isRunning));
  child.kill("SIGKILL");
  await child.status;
  await child.stdin.abort().catch(() => {});
  await reader.cancel();
  return pids;
}

testWith(
  POSTGRES_LAB,
  "a test's server does not outlive its test, even if that is killed",
  async () => {
    await Promise.all((await leaveServer()).map(ended));
    await removeLeftovers(isAbandoned);
  },
);

testWith(POSTGRES_LAB, "removeLeftovers ends a paused server of a killed test", async () => {
  const pids = await leaveServer("postgres.pause()");
  await removeLeftovers(isAbandoned);
  // The kernel takes a moment for each.
  await Promise.all(pids.map(ended));
});
