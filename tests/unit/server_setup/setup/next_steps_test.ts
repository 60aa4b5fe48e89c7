import assert from "node:assert/strict";
import { stepsToHooks, stepsToService } from "../../../../src/server_setup/setup/next_steps.ts";
import type { ServiceChanges } from "../../../../src/server_setup/setup/service_plan.ts";
import { readSettings } from "../../../../src/settings.ts";
import { run } from "../../../lab/command.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const LAST = ["restart", "doctor"];
const A = { socket: "/run/openvpn-totp/a.sock", proxy: null };
const B = { socket: "/run/openvpn-totp/b.sock", proxy: null };

function changesOf(
  before: ServiceChanges["before"],
  servers: ServiceChanges["servers"],
  values: Record<string, string>,
): ServiceChanges {
  const settings = readSettings((name) => values[name]);
  return { files: [], settings, values: new Map(), changes: [], before, servers };
}

Deno.test("the steps give the service what exists, and make what does not", async () => {
  await using place = await makeTestDirectory();
  const ours = `${place.path}/openvpn-totp`;
  const values = { totpTokenDbPath: `${ours}/db`, totpKeyFile: `${place.path}/key` };
  const steps = (other: Record<string, string> = {}) =>
    stepsToService(changesOf([], [A], { ...values, ...other }), LAST).slice(2, 4);
  assert.deepEqual(steps(), [
    `install -d -o openvpn-totp -g openvpn-totp -m 0700 ${ours}`,
    `install -o openvpn-totp -g openvpn-totp -m 0600 /dev/null ${place.path}/key`,
  ]);
  await Deno.mkdir(ours);
  await Deno.writeTextFile(`${place.path}/key`, "");
  assert.deepEqual(steps(), [
    `chown -R openvpn-totp:openvpn-totp ${ours}`,
    `chown -h openvpn-totp:openvpn-totp ${place.path}/key`,
  ]);
  // The directory of other files is not given away.
  const [move] = steps({ totpTokenDbPath: `${place.path}/db` });
  assert.match(move!, /^# move \S+\/db to a directory of its own that belongs to openvpn-totp/);
});

Deno.test("the steps give the service a log that it could not make", async () => {
  await using place = await makeTestDirectory();
  const steps = (totpLog: string) =>
    stepsToService(
      changesOf([], [A], { totpTokenDbPath: "/d/openvpn-totp/db", totpLog }),
      LAST,
    )
      .filter((step) => step.includes(totpLog));
  const log = `${place.path}/new/log`;
  assert.deepEqual(steps(log), [
    `install -D -o openvpn-totp -g openvpn-totp -m 0600 /dev/null ${log}`,
  ]);
  await Deno.mkdir(`${place.path}/new`);
  await Deno.writeTextFile(log, "");
  assert.deepEqual(steps(log), [`chown -h openvpn-totp:openvpn-totp ${log}`]);
  for (const none of ["/d/openvpn-totp/log", "syslog"]) assert.deepEqual(steps(none), []);
});

Deno.test("the steps back make no link root's that the service's user may have made", async () => {
  await using place = await makeTestDirectory();
  const { path } = place;
  await Deno.mkdir(`${path}/openvpn-totp`);
  const cases: [totpTokenDbPath: string, ours: string, others: string][] = [
    [`${path}/openvpn-totp/db`, `${path}/openvpn-totp/db`, `${path}/openvpn-totp/log`],
    [`${path}/db`, `${path}/db-journal`, `${path}/db-wal`],
  ];
  for (const [totpTokenDbPath, ours, others] of cases) {
    await Deno.writeTextFile(ours, "");
    await Deno.symlink("/etc/passwd", others);
    const values = { totpTokenDbPath, totpKeyFile: `${path}/openvpn-totp/key` };
    const find = stepsToHooks(changesOf([A], [], values), LAST)
      .find((step) => step.startsWith("find "))!;
    const { stdout } = await run("sh", ["-c", find.replace("chown -h root:root", "echo")]);
    assert(stdout.includes(ours), stdout);
    assert(!stdout.includes(others), stdout);
    assert(find.includes(" -exec chown -h root:root {} +"), find);
  }
});

Deno.test("the steps leave a service alone that has other servers", () => {
  const steps = [
    "systemctl daemon-reload",
    "systemctl restart openvpn-totp.service",
    ...LAST,
  ];
  assert.deepEqual(stepsToService(changesOf([A], [A, B], {}), LAST), steps);
  assert.deepEqual(stepsToHooks(changesOf([A, B], [A], {}), LAST), steps);
  assert.deepEqual(stepsToHooks(changesOf([A], [A], {}), LAST), steps.slice(2));
});

Deno.test("with a database on a server, the steps give the service what it connects with", async () => {
  await using place = await makeTestDirectory();
  const { path } = place;
  const server = "postgres://logins@db.example/vpn";
  const steps = (totpDatabase: string) =>
    stepsToService(changesOf([], [A], { totpDatabase, totpKeyFile: `${path}/key` }), LAST)
      .slice(2, -4);
  const key = `install -o openvpn-totp -g openvpn-totp -m 0600 /dev/null ${path}/key`;
  assert.deepEqual(steps(server), [key]);
  assert.deepEqual(steps(`${server}?passfile=${path}/pass`), [
    `install -o openvpn-totp -g openvpn-totp -m 0600 /dev/null ${path}/pass`,
    `# write the password of logins into ${path}/pass: *:*:*:USER:PASSWORD`,
    key,
  ]);
  await Deno.writeTextFile(`${path}/pass`, "");
  await Deno.writeTextFile(`${path}/ca`, "", { mode: 0o644 });
  await Deno.writeTextFile(`${path}/cert`, "", { mode: 0o600 });
  const all =
    `passfile=${path}/pass&sslrootcert=${path}/ca&sslcert=${path}/cert&sslkey=${path}/own`;
  assert.deepEqual(steps(`${server}?${all}`), [
    `chown -h openvpn-totp:openvpn-totp ${path}/pass`,
    `chown -h openvpn-totp:openvpn-totp ${path}/own`,
    `# let openvpn-totp read ${path}/cert (group, or mode 0644)`,
    key,
  ]);
  const values = { totpDatabase: `${server}?${all}`, totpKeyFile: `${path}/key` };
  const back = stepsToHooks(changesOf([A], [], values), LAST);
  assert.deepEqual(
    back.filter((step) => step.startsWith("chown")),
    ["pass", "own", "key"].map((name) => `chown -h root:root ${path}/${name}`),
  );
});
