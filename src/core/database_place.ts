import { printable } from "../text/printable.ts";

/** A file of SQLite's. */
export interface SqlitePlace {
  engine: "sqlite";
  /** Absolute. */
  path: string;
}

/** Where a PostgreSQL server listens. */
export interface PostgresHost {
  /** A name, an IP address, or the absolute path of the directory of a unix socket. */
  host: string;
  port: number;
}

/** How a server proves who it is, and this program to it. */
export interface TlsRule {
  /** A file of certificate authorities, or "system" for those that the system trusts. */
  rootCertificates: string;
  /** The client's own certificate, and its key; null for none. */
  client: { certificate: string; key: string } | null;
}

/** A database of a PostgreSQL server. */
export interface PostgresPlace {
  engine: "postgres";
  /** Tried in this order. */
  hosts: readonly PostgresHost[];
  user: string;
  database: string;
  /** The file with the password (pgpass); null for none. */
  passFile: string | null;
  /** Null without TLS; unix sockets never have it. */
  tls: TlsRule | null;
  /** Whether only a server that takes writes will do (`target_session_attrs=read-write`). */
  needsWrites: boolean;
  /** How long a login waits for the server in all, in milliseconds. */
  timeoutMs: number;
}

/** Where a store is. */
export type DatabasePlace = SqlitePlace | PostgresPlace;

/** The path of SQLite's file; null for a server. */
export function filePathOf(place: DatabasePlace): string | null {
  return place.engine === "sqlite" ? place.path : null;
}

/** Says in short where a store is, for messages. */
export function placeText(place: DatabasePlace): string {
  if (place.engine === "sqlite") return place.path;
  const hosts = place.hosts.map(hostText).join(" or ");
  return `PostgreSQL's database ${printable(place.database)} at ${hosts}`;
}

/** Says where a server listens, for messages. */
export function hostText({ host, port }: PostgresHost): string {
  return printable(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
}
