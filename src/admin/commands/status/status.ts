import { readSocketAddress } from "../../../service_options.ts";
import type { HelperState, ServerState, ServiceState } from "../../../service_state.ts";
import { counted } from "../../../text/counted.ts";
import type { AdminContext } from "../../context.ts";
import type { Printed } from "../../json_fields/json_fields.ts";
import type { Screen } from "../../terminal/screen.ts";
import { instant, json, type Pair, pairs, table } from "../../terminal/text.ts";
import { askService } from "./ask_service.ts";
import type { StatusOptions } from "./options.ts";

/** `status`: the running service, and whether all of its servers are connected. */
export async function status(context: AdminContext, options: StatusOptions): Promise<void> {
  const service = await askService(readSocketAddress("--socket", options.socket));
  context.out(options.json ? json(asJson(service)) : asText(service, context.screen));
  const isReady = !service.isStopping && service.servers.every(({ isConnected }) => isConnected);
  context.exitStatus = isReady ? 0 : 1;
}

const HEADS = ["SERVER", "STATE", "SINCE", "OPENVPN", "IN FLIGHT", "AWAITED CODES"];

function asText(service: ServiceState, screen: Screen): string {
  const { version, startedAt, isStopping, servers, helpers } = service;
  const facts: Pair[] = [
    ["Service", isStopping ? "stopping" : "running", isStopping ? "doubtful" : "good"],
    ["Version", version],
    ["Since", instant(startedAt)],
    ["Logins in flight", `${service.loginsInFlight} of ${service.maxLogins}`],
    ["PAM helpers", helpers === null ? "none, as another program checks passwords" : told(helpers)],
  ];
  return `${pairs(facts, screen)}\n${table(HEADS, servers.map(cellsOf), screen)}`;
}

function told({ open, busy, limit, waiting }: HelperState): string {
  return `${open} of ${limit}, ${busy} busy; ${
    counted(waiting, "login waits", "logins wait")
  } for one`;
}

function cellsOf(server: ServerState) {
  const { isConnected, loginsInFlight, pendingChallenges } = server;
  return [
    server.address,
    {
      text: isConnected ? "connected" : "away",
      tone: isConnected ? "good" as const : "bad" as const,
    },
    instant(server.since),
    server.version ?? "-",
    String(loginsInFlight),
    String(pendingChallenges),
  ];
}

function asJson(service: ServiceState): Printed<"status"> {
  const { version, startedAt, isStopping, servers, helpers, ...counts } = service;
  return {
    version,
    startedAt: instant(startedAt),
    stopping: isStopping,
    loginsInFlight: counts.loginsInFlight,
    maxLogins: counts.maxLogins,
    helpers,
    servers: servers.map(({ isConnected, since, ...server }) => ({
      address: server.address,
      connected: isConnected,
      since: instant(since),
      reconnects: server.reconnects,
      version: server.version,
      loginsInFlight: server.loginsInFlight,
      pendingChallenges: server.pendingChallenges,
    })),
  };
}
