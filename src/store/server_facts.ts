import type { PostgresHost } from "../core/database_place.ts";

/** The oldest version of PostgreSQL that will do, as `server_version_num` has it. */
export const OLDEST_SERVER = 130_000;

/** What a host of a database's URL is. */
export interface HostFacts {
  host: PostgresHost;
  /** Why it cannot be used; null if it can. */
  trouble: string | null;
  /** Null if it could not be connected to. */
  server: ServerFacts | null;
}

/** A PostgreSQL server, as the role that logins use finds it. */
export interface ServerFacts {
  /** As `server_version_num` has it: 150004. */
  version: number;
  encoding: string;
  /** It takes no writes. */
  isReadOnly: boolean;
  role: RoleFacts;
  /** The version of the tables, and the lowest one that a program must know; null for none. */
  schema: { version: number; oldestProgram: number } | null;
  /** `fsync`: what is committed is on the disk. */
  isSynced: boolean;
  /** `synchronous_commit`. */
  synchronousCommit: string;
  /** `synchronous_standby_names`; empty for none. */
  synchronousStandbys: string;
  /** How far its clock is ahead of this machine's, in milliseconds; negative if it is behind. */
  aheadMs: number;
  /** How long a statement takes there and back at least, in milliseconds. */
  roundTripMs: number;
}

/** The role that logins use. */
export interface RoleFacts {
  name: string;
  /** What it may do beyond what logins need, in words. */
  excess: readonly string[];
  /** What it may not do and logins need: tables and sequences. */
  lacking: readonly string[];
}
