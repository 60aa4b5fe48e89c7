import { ServiceMetrics } from "../../src/serve/metrics/service_metrics.ts";
import type { ServiceState } from "../../src/service_state.ts";
import { table } from "./markdown.ts";

/** A label with more values than this, or with values of a kind, is shown by its name alone. */
const MOST_VALUES = 6;
const OF_A_KIND = ["address", "version"];

/** A service with one of everything, so that each metric has a sample. */
const STATE: ServiceState = {
  version: "1",
  startedAt: 0,
  isStopping: false,
  servers: [{
    address: "/run/openvpn-totp/server.sock",
    isConnected: true,
    since: 0,
    reconnects: 0,
    version: null,
    loginsInFlight: 0,
    pendingChallenges: 0,
  }],
  helpers: { open: 0, busy: 0, limit: 1, waiting: 0 },
  loginsInFlight: 0,
  maxLogins: 1,
};

/** The service's metrics, read from what it tells Prometheus. */
export function metrics(): string {
  const text = new ServiceMetrics(() => STATE).text();
  const rows = [...text.matchAll(/^# HELP (\w+) (.*)\n# TYPE \w+ (\w+)\n((?:[^#].*\n)*)/gm)]
    .map(([, name, help, type, samples]) => [`\`${name}\``, type!, labelsOf(samples!), help!]);
  return table(["metric", "type", "labels", "meaning"], rows);
}

function labelsOf(samples: string): string {
  const values = new Map<string, Set<string>>();
  for (const [, name, value] of samples.matchAll(/[{,](\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (name === "le") continue;
    values.set(name!, (values.get(name!) ?? new Set()).add(value!));
  }
  return [...values].map(([name, all]) => {
    const known = [...all].filter((value) => value !== "").map((value) => `\`${value}\``);
    const isOpen = OF_A_KIND.includes(name) || known.length > MOST_VALUES;
    return isOpen ? `\`${name}\`` : `\`${name}\` (${known.join(", ")})`;
  }).join("; ");
}
