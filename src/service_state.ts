import type { EpochMs } from "./core/epoch.ts";

/** One OpenVPN server. */
export interface ServerState {
  /** Its management socket, as the option has it. */
  address: string;
  isConnected: boolean;
  /** When that last changed. */
  since: EpochMs;
  /** How often the connection was made again. */
  reconnects: number;
  /** OpenVPN's version; null where it isn't known. */
  version: string | null;
  /** Logins that are decided about right now. */
  loginsInFlight: number;
  /** Clients that were asked for a code and have not answered yet. */
  pendingChallenges: number;
}

/** PAM's helpers. */
export interface HelperState {
  /** Connections to helpers. */
  open: number;
  /** Helpers that have a request, or are about to get one. */
  busy: number;
  /** The largest number of helpers. */
  limit: number;
  /** Logins that wait for a helper. */
  waiting: number;
}

/** The service at one moment: what it tells of itself as JSON, and what `status` reads. */
export interface ServiceState {
  /** The program's version. */
  version: string;
  startedAt: EpochMs;
  isStopping: boolean;
  servers: readonly ServerState[];
  /** Null where another program checks passwords (`totpPrimaryAuth external`). */
  helpers: HelperState | null;
  loginsInFlight: number;
  /** The largest number of logins that are decided about at once. */
  maxLogins: number;
}
