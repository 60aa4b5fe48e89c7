import type { ServerState, ServiceState } from "../../src/service_state.ts";

/** A server that is connected. */
export function serverState(rest: Partial<ServerState> = {}): ServerState {
  return {
    address: "/run/openvpn-totp/server.sock",
    isConnected: true,
    since: Date.UTC(2026, 0, 31, 12),
    reconnects: 0,
    version: "2.6.14",
    loginsInFlight: 0,
    pendingChallenges: 0,
    ...rest,
  };
}

/** A service that runs well. */
export function serviceState(rest: Partial<ServiceState> = {}): ServiceState {
  return {
    version: "1.2.3",
    startedAt: Date.UTC(2026, 0, 31, 11, 0, 0, 500),
    isStopping: false,
    servers: [serverState()],
    helpers: { open: 4, busy: 3, limit: 8, waiting: 2 },
    loginsInFlight: 5,
    maxLogins: 1000,
    ...rest,
  };
}
