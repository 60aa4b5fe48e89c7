import { basename } from "node:path/posix";
import { postgresBinary } from "./postgres_binaries.ts";
import {
  makeDataDirectory,
  makePostgresHome,
  makeServersDirectory,
  mustRunAsServers,
  type PostgresHome,
} from "./postgres_home.ts";
import { TestPostgres } from "./postgres_server.ts";
import {
  accessFile,
  administratorsFile,
  settingsFile,
  SUPERUSER,
  TEST_SETTINGS,
} from "./postgres_settings.ts";
import { PostgresCertificates, type PostgresTls } from "./postgres_tls.ts";

export type { TestPostgresDatabase } from "./postgres_database.ts";
export type { TestPostgres } from "./postgres_server.ts";
export type { PostgresTls } from "./postgres_tls.ts";

/** How a server differs from the usual one. */
export interface PostgresOptions {
  /** How many connections it takes, beside three of the superuser. */
  maxConnections?: number;
  /** Further settings of `postgresql.conf`. */
  settings?: Readonly<Record<string, string>>;
  tls?: PostgresTls;
}

/** Makes and starts a server, which is removed at the end of its scope. */
export async function startPostgres(
  { maxConnections = 50, settings = {}, tls }: PostgresOptions = {},
): Promise<TestPostgres> {
  await using stack = new AsyncDisposableStack();
  // Whoever has it sync waits for a real disk.
  const home = stack.use(await makePostgresHome(settings.fsync === "on"));
  await makeServersDirectory(home, "socket", 0o755);
  const certificates = tls === undefined ? null : await PostgresCertificates.make(home);
  if (tls !== undefined) await certificates!.makeServers(tls);
  const data = await makeData(home, {
    "postgresql.conf": settingsFile({
      ...TEST_SETTINGS,
      max_connections: `${maxConnections}`,
      unix_socket_directories: `${home.path}/socket`,
      // Each process shows this as its name, so that what a killed run has left is found by it.
      cluster_name: `${basename(home.path)}/`,
      ...certificates?.settings(),
      ...settings,
    }) + "include 'port.conf'\n",
    "pg_hba.conf": accessFile(tls),
    "pg_ident.conf": administratorsFile(home.administrators),
  });
  const postgres = stack.use(new TestPostgres(home, { data, certificates }));
  await postgres.startFirst();
  return withScope(postgres, stack.move());
}

/**
 * Makes and starts a server that has a copy of another's data, follows it, and takes no writes. It is
 * removed at the end of its scope, which must be before the other's.
 */
export async function startReplica(primary: TestPostgres): Promise<TestPostgres> {
  const { home, certificates, socketDirectory: host, port } = primary;
  const data = await makeDataDirectory(
    home,
    `replica${port}-${crypto.randomUUID().slice(0, 8)}`,
  );
  await mustRunAsServers(home, [
    ...[postgresBinary("pg_basebackup"), "--pgdata", data, "--write-recovery-conf", "--no-sync"],
    ...["--checkpoint", "fast", "--host", host, "--port", `${port}`, "--username", SUPERUSER],
  ]);
  await using stack = new AsyncDisposableStack();
  const replica = stack.use(new TestPostgres(home, { data, certificates }));
  await replica.startFirst();
  return withScope(replica, stack.move());
}

/** Gives a server that takes along at its end what was made for it. */
export function withScope(postgres: TestPostgres, scope: AsyncDisposableStack): TestPostgres {
  return Object.assign(postgres, { [Symbol.asyncDispose]: () => scope.disposeAsync() });
}

async function makeData(home: PostgresHome, files: Record<string, string>): Promise<string> {
  const data = await makeDataDirectory(home, "data");
  await mustRunAsServers(home, [
    ...[postgresBinary("initdb"), "--pgdata", data, "--username", SUPERUSER, "--no-sync"],
    ...["--encoding", "UTF8", "--locale", "C", "--auth", "reject"],
  ]);
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${data}/${name}`, text);
  }
  return data;
}
