import assert from "node:assert/strict";
import { OUTCOMES } from "../../../../src/core/decision.ts";
import { REASONS } from "../../../../src/core/verdict.ts";
import { exposition } from "../../../../src/serve/metrics/exposition.ts";
import { PAM_OUTCOMES } from "../../../../src/serve/helpers/pam_outcome.ts";
import { ServiceMetrics } from "../../../../src/serve/metrics/service_metrics.ts";
import type { ServiceState } from "../../../../src/service_state.ts";
import { readExposition, type ReadFamily } from "../../../lab/exposition.ts";
import { serverState, serviceState } from "../../../lab/service_state.ts";

/** All samples as `name{labels}`, without the program's prefix, and their values. */
function samplesOf(metrics: ServiceMetrics): Record<string, number> {
  const shown = ({ name, labels }: ReadFamily["samples"][number]) => {
    assert(name.startsWith("openvpn_totp_"), name);
    const pairs = [...labels].filter(([, value]) => value !== "").map((pair) => pair.join("="));
    return `${name.slice("openvpn_totp_".length)}{${pairs.join(",")}}`;
  };
  return Object.fromEntries(
    readExposition(metrics.text()).flatMap(({ samples }) =>
      samples.map((sample) => [shown(sample), sample.value])
    ),
  );
}

function metricsOf(state: Partial<ServiceState> = {}): ServiceMetrics {
  return new ServiceMetrics(() => serviceState(state));
}

Deno.test("metrics count each decision by step, outcome, method and reason", () => {
  const metrics = metricsOf();
  const decide = metrics.decided.bind(metrics);
  decide({ step: "password", outcome: "challenged", by: "crtext", reason: null });
  decide({ step: "code", outcome: "accepted", by: "recovery code", reason: null });
  decide({ step: "code", outcome: "refused", by: null, reason: "wrong_code" });
  decide({ step: "code", outcome: "refused", by: null, reason: "wrong_code" });
  const before = samplesOf(metricsOf());
  const changed = Object.entries(samplesOf(metrics))
    .filter(([name, value]) => before[name] !== value);
  assert.deepEqual(changed, [
    ["decisions_total{step=code,outcome=accepted,method=recovery_code}", 1],
    ["decisions_total{step=password,outcome=challenged,method=crtext}", 1],
    ["decisions_total{step=code,outcome=refused,reason=wrong_code}", 2],
  ]);
});

Deno.test("metrics begin at 0 for every decision that a login can have", () => {
  const names = Object.keys(samplesOf(metricsOf()));
  for (const step of ["password", "code"]) {
    for (const reason of Object.keys(REASONS)) {
      assert(names.includes(`decisions_total{step=${step},outcome=refused,reason=${reason}}`));
    }
  }
  for (const outcome of OUTCOMES) {
    assert(names.some((name) => name.includes(`,outcome=${outcome}`)), outcome);
  }
  const challenge = "decisions_total{step=password,outcome=challenged,method=dynamic";
  assert(names.includes(`${challenge},reason=user_disabled}`));
  assert(names.includes(`${challenge}}`));
  assert(names.includes("decisions_total{step=code,outcome=unchanged,reason=challenge_answered}"));
  assert.equal(names.filter((name) => name.includes("other")).length, 0);
});

Deno.test("metrics have no label of a word that they don't know", () => {
  const metrics = metricsOf();
  const hostile = 'alice"} 1\nfake_total 99';
  for (const word of [hostile, "toString", "__proto__", "hunter2"]) {
    metrics.decided({ step: "code", outcome: "refused", by: word, reason: word });
    metrics.decided({ step: word, outcome: word, by: null, reason: null } as never);
    metrics.pamTook(1, word as never);
    metrics.loginTook(word as never, 1);
  }
  const samples = samplesOf(metrics);
  assert.equal(
    samples["decisions_total{step=code,outcome=refused,method=other,reason=other}"],
    4,
  );
  assert.equal(samples["decisions_total{step=other,outcome=other}"], 4);
  assert.doesNotMatch(metrics.text(), /alice|fake|toString|proto|hunter2/);
});

Deno.test("metrics tell the service's state as it is when they are read", () => {
  let state = serviceState({
    servers: [
      serverState({ pendingChallenges: 7 }),
      serverState({ address: "127.0.0.1:7505", isConnected: false }),
    ],
  });
  const metrics = new ServiceMetrics(() => state);
  const samples = samplesOf(metrics);
  const expected = {
    "build_info{version=1.2.3}": 1,
    "start_time_seconds{}": Date.UTC(2026, 0, 31, 11) / 1000 + 0.5,
    "server_connected{address=/run/openvpn-totp/server.sock}": 1,
    "server_connected{address=127.0.0.1:7505}": 0,
    "pending_challenges{address=/run/openvpn-totp/server.sock}": 7,
    "pending_challenges{address=127.0.0.1:7505}": 0,
    "logins_in_flight{}": 5,
    "logins_limit{}": 1000,
    "helpers_open{}": 4,
    "helpers_busy{}": 3,
    "helpers_limit{}": 8,
    "helpers_waiting{}": 2,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(samples[name], value, name);
  state = serviceState({ helpers: null, loginsInFlight: 6 });
  assert.equal(samplesOf(metrics)["logins_in_flight{}"], 6);
  assert.doesNotMatch(metrics.text(), /_helpers_/);
});

Deno.test("metrics keep an address whole, whatever is in it", () => {
  const address = '/run/a"b\\n\\c d,e="f"}';
  const families = readExposition(metricsOf({ servers: [serverState({ address })] }).text());
  const found = families.find(({ name }) => name.endsWith("server_connected"));
  assert.equal(found?.samples[0]?.labels.get("address"), address);
});

Deno.test("metrics count what is turned away, reconnected and dropped", () => {
  const metrics = metricsOf();
  const counts = () => {
    const samples = samplesOf(metrics);
    return ["turned_away", "reconnects", "log_lines_dropped"]
      .map((name) => samples[`${name}_total{}`]);
  };
  assert.deepEqual(counts(), [0, 0, 0]);
  metrics.turnedAway();
  metrics.turnedAway();
  metrics.reconnected();
  metrics.logDropped(12);
  metrics.logDropped(-5);
  assert.deepEqual(counts(), [2, 1, 12]);
});

Deno.test("metrics put times into the buckets that hold them, bounds included", () => {
  const metrics = metricsOf();
  for (const seconds of [0.1, 0.100001, 3600, -5, NaN]) metrics.pamTook(seconds, "denied");
  metrics.loginTook("code", 0.004);
  const samples = samplesOf(metrics);
  const upTo = (le: string) => samples[`pam_duration_seconds_bucket{outcome=denied,le=${le}}`];
  assert.deepEqual(["0.05", "0.1", "0.25", "60", "+Inf"].map(upTo), [1, 2, 3, 3, 4]);
  assert.equal(samples["pam_duration_seconds_count{outcome=denied}"], 4);
  assert.equal(samples["pam_duration_seconds_sum{outcome=denied}"], 3600.200001);
  assert.equal(samples["login_duration_seconds_bucket{step=code,le=0.005}"], 1);
  assert.equal(samples["login_duration_seconds_bucket{step=password,le=+Inf}"], 0);
  for (const outcome of PAM_OUTCOMES) {
    assert.notEqual(samples[`pam_duration_seconds_count{outcome=${outcome}}`], undefined);
  }
});

Deno.test("the text format escapes help and labels, and writes numbers as Prometheus reads them", () => {
  const text = exposition([{
    name: "x",
    help: 'a\\b\n"c"',
    type: "gauge",
    samples: [
      ["", { a: 'q"\\\n' }, Infinity],
      ["", { a: "1" }, -Infinity],
      ["", { a: "2" }, 1e21],
      ["", {}, 0.1],
    ],
  }]);
  assert.equal(
    text,
    '# HELP x a\\\\b\\n"c"\n# TYPE x gauge\n' +
      'x{a="q\\"\\\\\\n"} +Inf\nx{a="1"} -Inf\nx{a="2"} 1e+21\nx 0.1\n',
  );
  const [family] = readExposition(text);
  assert.equal(family?.help, 'a\\b\n"c"');
  assert.equal(family?.samples[0]?.labels.get("a"), 'q"\\\n');
});
