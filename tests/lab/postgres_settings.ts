import type { PostgresTls } from "./postgres_tls.ts";

/** The superuser's role. */
export const SUPERUSER = "postgres";

/** Settings of every server: as fast as can be, since a power cut may cost a test its data. */
export const TEST_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1,::1",
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "on",
  autovacuum: "off",
  jit: "off",
  shared_buffers: "16MB",
  // Files in the server's directory, which nothing outlives.
  dynamic_shared_memory_type: "mmap",
  max_wal_senders: "4",
  // Otherwise a replica's start would wait for the next moment at which the server checkpoints.
  wal_keep_size: "64MB",
  password_encryption: "scram-sha-256",
  log_min_messages: "warning",
  log_line_prefix: "%p %q%u@%d ",
  lc_messages: "C",
};

/** The text of `postgresql.conf`. */
export function settingsFile(settings: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
  return Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`).join("");
}

/** The text of `pg_hba.conf`: the system's administrators over the socket, all others by password. */
export function accessFile(tls: PostgresTls | undefined): string {
  const method = tls?.asksClients ? "cert" : "scram-sha-256";
  const kind = tls?.asksClients || tls?.isRequired ? "hostssl" : "host";
  return [
    `local all,replication ${SUPERUSER} peer map=administrators`,
    `local all,replication all scram-sha-256`,
    `${kind} all all 127.0.0.1/32 ${method}`,
    `${kind} all all ::1/128 ${method}`,
  ].join("\n") + "\n";
}

/** The text of `pg_ident.conf`: which users of the system may act as the superuser. */
export function administratorsFile(usernames: readonly string[]): string {
  return usernames.map((username) => `administrators ${username} ${SUPERUSER}\n`).join("");
}
