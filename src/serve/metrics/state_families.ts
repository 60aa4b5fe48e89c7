import type { HelperState, ServerState, ServiceState } from "../../service_state.ts";
import type { Family, Labels } from "./exposition.ts";

/** A gauge's name without its prefix, its help and its samples. */
type Gauge = readonly [
  name: string,
  help: string,
  samples: readonly (readonly [labels: Labels, value: number])[],
];

/** What the service's state says in metrics. */
export function stateFamilies(state: ServiceState, prefix: string): Family[] {
  const { version, startedAt, servers, helpers } = state;
  const gauges: Gauge[] = [
    ["build_info", "The program's version; the value is always 1.", [[{ version }, 1]]],
    ["start_time_seconds", "When the service began, in seconds since 1970.", [
      [{}, startedAt / 1000],
    ]],
    ...serverGauges(servers),
    ["logins_in_flight", "Logins that are decided about right now.", [[{}, state.loginsInFlight]]],
    ["logins_limit", "The largest number of logins that are decided about at once.", [
      [{}, state.maxLogins],
    ]],
    ...helpers === null ? [] : helperGauges(helpers),
  ];
  return gauges.map(([name, help, samples]) => ({
    name: prefix + name,
    help,
    type: "gauge",
    samples: samples.map(([labels, value]) => ["", labels, value]),
  }));
}

function serverGauges(servers: readonly ServerState[]): Gauge[] {
  const each = (value: (server: ServerState) => number) =>
    servers.map((server) => [{ address: server.address }, value(server)] as const);
  return [
    [
      "server_connected",
      "Whether the service is connected to this OpenVPN server.",
      each(({ isConnected }) => isConnected ? 1 : 0),
    ],
    [
      "pending_challenges",
      "Clients of this server that were asked for a code and have not answered yet.",
      each(({ pendingChallenges }) => pendingChallenges),
    ],
  ];
}

function helperGauges({ open, busy, limit, waiting }: HelperState): Gauge[] {
  return [
    ["helpers_open", "PAM helpers that the service is connected to.", [[{}, open]]],
    ["helpers_busy", "PAM helpers that check a password.", [[{}, busy]]],
    ["helpers_limit", "The largest number of PAM helpers.", [[{}, limit]]],
    ["helpers_waiting", "Logins that wait for a PAM helper.", [[{}, waiting]]],
  ];
}
