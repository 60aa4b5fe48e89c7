import assert from "node:assert/strict";
import { ServiceMetrics } from "../../../../src/serve/metrics/service_metrics.ts";
import { readExposition } from "../../../lab/exposition.ts";
import { serviceState } from "../../../lab/service_state.ts";

interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  datasource: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string; legendFormat: string; datasource: { uid: string } }[];
}

interface Dashboard {
  title: string;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; type: string; definition?: string }[] };
}

const dashboard: Dashboard = JSON.parse(
  await Deno.readTextFile(new URL("../../../../grafana/openvpn-totp.json", import.meta.url)),
);
const families = readExposition(new ServiceMetrics(() => serviceState()).text());
const samples = families.flatMap((family) => family.samples);

const queries = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
];

/** What Prometheus itself adds to each sample. */
const ADDED = ["instance"];

Deno.test("the dashboard asks for metrics that the service has, and for all of them", () => {
  const names = new Set(samples.map(({ name }) => name));
  const asked = new Set(queries.flatMap((query) => query.match(/openvpn_totp_\w+/g) ?? []));
  for (const name of asked) assert(names.has(name), `the service has no ${name}`);
  for (const { name } of families) {
    assert([...asked].some((one) => one.startsWith(name)), `the dashboard doesn't show ${name}`);
  }
});

Deno.test("the dashboard's queries use labels and values that the metrics have", () => {
  let count = 0;
  for (const query of queries) {
    const of = samples.filter(({ name }) => query.includes(name));
    const has = (label: string, value?: string) =>
      ADDED.includes(label) ||
      of.some(({ labels }) =>
        value === undefined ? labels.has(label) : labels.get(label) === value
      );
    for (const [, label, value] of query.matchAll(/(\w+)="([^"]*)"/g)) {
      assert(has(label!, value), `${label}="${value}" in ${query}`);
      count++;
    }
    for (const [, labels] of query.matchAll(/ by \(([^)]*)\)/g)) {
      for (const label of labels!.split(", ")) assert(has(label), `${label} in ${query}`);
    }
  }
  for (const { targets } of dashboard.panels) {
    for (const { expr, legendFormat } of targets) {
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert(
          ADDED.includes(label!) ||
            samples.some(({ name, labels }) => expr.includes(name) && labels.has(label!)),
          `${label} in the legend of ${expr}`,
        );
      }
    }
  }
  assert(count > 2, "the queries were read");
});

Deno.test("the dashboard lets its reader choose the data source, and nothing else names one", () => {
  assert(
    dashboard.templating.list.some(({ name, type }) =>
      name === "datasource" && type === "datasource"
    ),
  );
  for (const { title, datasource, targets } of dashboard.panels) {
    for (const { uid } of [datasource, ...targets.map((target) => target.datasource)]) {
      assert.equal(uid, "${datasource}", title);
    }
  }
});

Deno.test("the dashboard's panels have titles and descriptions, and don't overlap", () => {
  assert(dashboard.schemaVersion >= 39);
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
  for (const { title, description, gridPos: { x, y, w, h } } of panels) {
    assert(title !== "" && description.endsWith("."), title);
    assert(x >= 0 && x + w <= 24, title);
    for (const other of panels) {
      if (other.title === title) continue;
      const { gridPos: one } = other;
      const isApart = x + w <= one.x || one.x + one.w <= x || y + h <= one.y || one.y + one.h <= y;
      assert(isApart, `${title} lies over ${other.title}`);
    }
  }
});
