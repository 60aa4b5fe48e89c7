import assert from "node:assert/strict";
import { run } from "../lab/command.ts";
import { startPostgres, type TestPostgresDatabase } from "../lab/postgres.ts";
import { PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";

/** Asks for the users, by TLS, and gives what is said. */
async function list(
  database: TestPostgresDatabase,
  authorities: string,
  { hosts, env = {} }: { hosts?: string[]; env?: Record<string, string> } = {},
): Promise<string> {
  const parameters = { sslmode: "verify-full", sslrootcert: authorities };
  const url = database.address({ parameters, ...hosts === undefined ? {} : { hosts } });
  const { stdout, stderr } = await run(PROGRAM, ["--database", url, "list"], { env });
  return `${stdout}${stderr}`;
}

const NOBODY = /^No user is enrolled/;

testWith(POSTGRES_LAB, "no authority is believed but those that the URL names", async () => {
  await using postgres = await startPostgres({ tls: {} });
  const database = await postgres.makeDatabase();
  const { rootFile, foreignRootFile } = postgres.certificates!;
  assert.match(await list(database, rootFile), NOBODY);
  // Deno has a list of its own, the system's, and the environment's.
  const environments = [
    {},
    { DENO_CERT: rootFile },
    { DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: rootFile },
    { DENO_TLS_CA_STORE: "mozilla,system", SSL_CERT_FILE: rootFile },
  ];
  for (const env of environments) {
    const told = await list(database, foreignRootFile, { env });
    assert.match(told, /TLS failed .*: .*UnknownIssuer/, JSON.stringify(env));
  }
});

testWith(POSTGRES_LAB, "nothing is said without TLS, whatever is answered", async () => {
  await using postgres = await startPostgres({ tls: {} });
  const database = await postgres.makeDatabase();
  for (const answer of ["N", "E\0\0\0\x08SX\0\0", "SR\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const heard = hear(listener, answer);
    const hosts = [`127.0.0.1:${listener.addr.port}`];
    const env = { totpDatabaseTimeout: "1" };
    const told = await list(database, postgres.certificates!.rootFile, { hosts, env });
    assert.match(told, /cannot be used/, answer);
    assert.doesNotMatch(await heard, /login|SET |SELECT/, answer);
  }
});

/** Answers the first who connects, and gives what they say until they end. */
async function hear(listener: Deno.TcpListener, answer: string): Promise<string> {
  using connection = await listener.accept();
  const buffer = new Uint8Array(4096);
  let heard = "";
  for (let isFirst = true;; isFirst = false) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return heard;
    heard += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    if (isFirst) await connection.write(new TextEncoder().encode(answer));
  }
}
