import type { EpochMs } from "../../../core/epoch.ts";
import type { HelperState, ServerState, ServiceState } from "../../../service_state.ts";

/** The last moment that has a year of four digits. */
const LAST_MOMENT = Date.UTC(9999, 11, 31);

/**
 * Reads what the service tells of itself; what it doesn't know is left out.
 *
 * @throws Error for any other form
 */
export function readServiceState(value: unknown): ServiceState {
  const { version, startedAt, isStopping, servers, helpers, loginsInFlight, maxLogins } = objectOf(
    value,
  );
  if (!Array.isArray(servers)) throw new Error("no list");
  return {
    version: textOf(version),
    startedAt: momentOf(startedAt),
    isStopping: booleanOf(isStopping),
    servers: servers.map(serverOf),
    helpers: helpers === null ? null : helpersOf(helpers),
    loginsInFlight: countOf(loginsInFlight),
    maxLogins: countOf(maxLogins),
  };
}

function serverOf(value: unknown): ServerState {
  const server = objectOf(value);
  return {
    address: textOf(server.address),
    isConnected: booleanOf(server.isConnected),
    since: momentOf(server.since),
    reconnects: countOf(server.reconnects),
    version: server.version === null ? null : textOf(server.version),
    loginsInFlight: countOf(server.loginsInFlight),
    pendingChallenges: countOf(server.pendingChallenges),
  };
}

function helpersOf(value: unknown): HelperState {
  const { open, busy, limit, waiting } = objectOf(value);
  return {
    open: countOf(open),
    busy: countOf(busy),
    limit: countOf(limit),
    waiting: countOf(waiting),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new Error("no object");
}

function textOf(value: unknown): string {
  if (typeof value === "string" && value.length <= 256) return value;
  throw new Error("no text");
}

function booleanOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new Error("neither true nor false");
}

function countOf(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new Error("no count");
}

function momentOf(value: unknown): EpochMs {
  const moment = countOf(value);
  if (moment <= LAST_MOMENT) return moment;
  throw new Error("no moment");
}
