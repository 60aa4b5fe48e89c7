import { startPostgres, type TestPostgres } from "../tests/lab/postgres.ts";

/** What a real installation has, where tests are quicker: PostgreSQL's own defaults. */
export const REAL: Readonly<Record<string, string>> = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  autovacuum: "on",
  jit: "on",
  shared_buffers: "128MB",
};

/** Starts a PostgreSQL as an installation has it, with TLS. */
export function startRealPostgres(): Promise<TestPostgres> {
  return startPostgres({ settings: REAL, tls: {}, maxConnections: 100 });
}

/** What PostgreSQL ran as, for a page. */
export async function describePostgres(postgres: TestPostgres): Promise<string> {
  const settings = Object.entries(REAL).map(([name, value]) => `${name} = ${value}`).join(", ");
  return `PostgreSQL: ${await postgres.psql("SHOW server_version")}, with ${settings}`;
}

/** How often PostgreSQL had to fail a transaction because of others, so that it was tried again. */
export function conflictsIn({ log }: TestPostgres, from = 0): number {
  const isConflict = /ERROR: +(could not serialize access|deadlock detected)/;
  return log.seen.slice(from).filter((line) => isConflict.test(line)).length;
}
