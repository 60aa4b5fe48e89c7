import assert from "node:assert/strict";
import { checkAll } from "../../../../src/server_setup/doctor/checks.ts";
import type { FindingId, Level } from "../../../../src/server_setup/doctor/finding_ids.ts";
import type {
  Script,
  ServiceFacts,
  SetUp,
  SocketFacts,
} from "../../../../src/server_setup/doctor/set_up.ts";
import { settingsOf } from "../../../../src/server_setup/doctor/settings_in_config.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { readUnitFile } from "../../../../src/server_setup/systemd/unit_file.ts";
import { serviceUnit } from "../../../../src/server_setup/units/service_unit.ts";
import { parseSettingsFile } from "../../../../src/settings_file.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const SOCKET = "/run/openvpn-totp/server.sock";
const SETTINGS = "/etc/openvpn-totp/serve.conf";
const SERVICE = { name: "openvpn-totp", uid: 990, gid: 980 };

const GOOD = [
  "dev tun",
  "user nobody",
  `management ${SOCKET} unix`,
  "management-client-auth",
  "management-client-user openvpn-totp",
  "management-hold",
  "auth-gen-token",
  "auth-gen-token-secret auth-token.key",
];

/** What is given in place of a part that is well. */
interface Other {
  config?: readonly string[];
  /** The text of the service's settings. */
  settings?: string;
  settingsError?: string;
  service?: Partial<ServiceFacts>;
  facts?: Partial<SetUp>;
}

function socket(path: string, other: Partial<SocketFacts> = {}): SocketFacts {
  return {
    path,
    file: { uid: 0, gid: 980, mode: 0o140660, isSocket: true },
    directory: { uid: 0, gid: 980, mode: 0o40750 },
    trouble: null,
    ...other,
  };
}

function unitOf(text: string, sockets = [SOCKET], isAsWritten = true): ServiceFacts["unit"] {
  return {
    unit: { name: "openvpn-totp.service", assignments: readUnitFile(text, "unit") },
    sockets,
    isAsWritten,
  };
}

const UNIT = serviceUnit({
  program: PROGRAM,
  servers: [{ socket: SOCKET, proxy: null }],
  writable: [],
});

function programs(other: Partial<Script>): ServiceFacts["programs"] {
  return new Map([[PROGRAM, { real: PROGRAM, trouble: null, isExecutable: true, ...other }]]);
}

function serviceOf(other: Partial<ServiceFacts>): ServiceFacts {
  return {
    user: SERVICE,
    // OpenVPN makes it for everybody.
    management: socket(SOCKET, { file: { uid: 0, gid: 0, mode: 0o140777, isSocket: true } }),
    pam: socket("/run/openvpn-totp/pam.sock"),
    settingsFile: { uid: 0, gid: 0, mode: 0o100644, isSocket: false },
    unit: unitOf(UNIT),
    programs: programs({}),
    status: { address: "/run/openvpn-totp-serve/status.sock", answers: true },
    ...other,
  };
}

/** A set-up for the service in which all is well except what is given. */
function setUpOf({ config = GOOD, settings = "", settingsError, service, facts }: Other): SetUp {
  const values = parseSettingsFile(settings, SETTINGS);
  return {
    configPath: "/etc/openvpn/server/server.conf",
    config: readConfig("/etc/openvpn/server/server.conf", {
      directory: "/etc/openvpn/server",
      readFile: () => new TextEncoder().encode(config.join("\n")),
    }),
    configTrouble: null,
    program: PROGRAM,
    scripts: new Map(),
    openvpn: { path: "/usr/sbin/openvpn", version: "2.6.22" },
    openvpnTrouble: null,
    // What limits the program as a hook has no effect on the service.
    unit: {
      name: "openvpn-server@server.service",
      assignments: readUnitFile(
        "[Service]\nLimitAS=4G\nTasksMax=3\nProtectSystem=strict\n" +
          "CapabilityBoundingSet=CAP_NET_ADMIN\nStandardError=null",
        "unit",
      ),
    },
    user: { name: "nobody", uid: 65534, gid: 65534 },
    serviceSettings: { path: SETTINGS, values, error: settingsError ?? null },
    service: serviceOf(service ?? {}),
    settings: settingsOf(values),
    tokenSecret: null,
    tmpDir: { path: "/tmp", info: null, trouble: null },
    logDirectory: { uid: 0, gid: 0, mode: 0o755 },
    database: { state: "open", users: 2, fewestDigits: 6, closed: null, writeTrouble: null },
    pam: { service: "login", serviceTrouble: null, startTrouble: null },
    databaseHosts: null,
    pamStack: null,
    clock: { year: 2026, isSynchronised: true },
    apparmor: null,
    selinux: null,
    ...facts,
  };
}

function found(setUp: SetUp): string[] {
  return checkAll(setUp).filter(({ level }) => level !== "ok")
    .map(({ id, level }) => `${level} ${id}`);
}

/** The good configuration with other lines in place of those of the same name. */
function withLine(...lines: string[]): readonly string[] {
  const names = lines.map((line) => line.split(" ")[0]);
  return [...GOOD.filter((line) => !names.includes(line.split(" ")[0])), ...lines];
}

const without = (name: string) => GOOD.filter((line) => line.split(" ")[0] !== name);

const directory = (mode: number, uid = 0, gid = 980) => ({ directory: { uid, gid, mode } });
const management = (other: Partial<SocketFacts>) => ({
  service: { management: socket(SOCKET, other) },
});
const pam = (other: Partial<SocketFacts>) => ({ service: { pam: socket("/run/p", other) } });
const file = (mode: number, uid = 0, gid = 980, isSocket = true) => ({
  file: { uid, gid, mode, isSocket },
});
const settingsFile = (mode: number, uid = 0, gid = 0) => ({
  service: { settingsFile: { uid, gid, mode, isSocket: false } },
});

Deno.test("a good set-up for the service has neither problem nor warning", () => {
  const good: Other[] = [
    {},
    { config: withLine("chroot /var/empty") },
    { config: withLine("daemon") },
    { config: withLine("script-security 1") },
    { config: withLine("auth-user-pass-verify /etc/ldap.sh via-file") },
    { config: [...without("management-client-user"), "management-client-group openvpn-totp"] },
    { config: without("management-client-user"), ...management({}) },
    { config: withLine("management 127.0.0.1 7505 pw"), service: { management: null } },
    { config: withLine("management ::1 7505 pw"), service: { management: null } },
    management({ file: null }),
    { settings: "totpPrimaryAuth external", ...pam({ file: null }), facts: { pam: null } },
    { settings: 'totpLog "/var/lib/openvpn-totp/log"\ntotpDriftSteps 0' },
    { service: { settingsFile: null } },
    settingsFile(0o640, 0, 980),
    { service: { unit: unitOf(UNIT, [SOCKET], false) } },
    { service: { status: null } },
  ];
  for (const [i, other] of good.entries()) {
    assert.deepEqual(found(setUpOf(other)), [], `good set-up ${i}`);
  }
});

Deno.test("a server that a drop-in's command lacks belongs into the drop-in", () => {
  const dropIn = "/etc/systemd/system/openvpn-totp.service.d/override.conf";
  const text = "[Service]\nExecStart=\nExecStart=/x serve \\\n  --management /run/b.sock\n";
  const assignments = [...readUnitFile(UNIT, "unit"), ...readUnitFile(text, dropIn)];
  const unit = { unit: { name: "openvpn-totp.service", assignments }, sockets: [] };
  const finding = checkAll(setUpOf({ service: { unit: { ...unit, isAsWritten: false } } }))
    .find(({ id }) => id === "service_unit")!;
  assert.equal(finding.line, `ExecStart=/x serve --management /run/b.sock --management ${SOCKET}`);
  assert.match(finding.at!, /override\.conf:\d+$/);
  assert.equal(finding.command, null);
});

Deno.test("each broken set-up for the service has its own finding, and no other", () => {
  const noUser = { ...SERVICE, uid: null, gid: null };
  const rows: [Other, Level, FindingId][] = [
    [{ config: without("management"), service: { management: null } }, "problem", "management"],
    ...["10.8.0.1 7505 pw", "tunnel 7505 pw", "0.0.0.0 7505 pw", "127.0.0.1 7505", "localhost 1"]
      .map((words) =>
        [
          { config: withLine(`management ${words}`), service: { management: null } },
          "problem",
          "management",
        ] as [Other, Level, FindingId]
      ),
    [{ config: without("management-hold") }, "warning", "management"],
    [management(directory(0o40757)), "problem", "management_socket"],
    [management(directory(0o40770)), "problem", "management_socket"],
    [management(directory(0o40750, 1000)), "problem", "management_socket"],
    [management({ directory: null }), "problem", "management_socket"],
    [management({ trouble: "others can write to /run" }), "problem", "management_socket"],
    [management(directory(0o40700)), "problem", "management_socket"],
    [management(directory(0o40750, 0, 50)), "problem", "management_socket"],
    [management(file(0o100644, 0, 0, false)), "problem", "management_socket"],
    [
      { config: without("management-client-user"), ...management(directory(0o40755)) },
      "problem",
      "management_socket",
    ],
    [{ config: withLine("management-client-user vpn") }, "problem", "management_socket"],
    [pam({ file: null }), "problem", "pam_socket"],
    [pam(file(0o100660, 0, 980, false)), "problem", "pam_socket"],
    [pam(file(0o140666)), "problem", "pam_socket"],
    [pam(file(0o140662)), "problem", "pam_socket"],
    [pam(file(0o140660, 990)), "problem", "pam_socket"],
    [pam(file(0o140660, 0, 0)), "problem", "pam_socket"],
    [pam(file(0o140600)), "problem", "pam_socket"],
    [pam({ directory: null }), "problem", "pam_socket"],
    [pam(directory(0o40777)), "problem", "pam_socket"],
    [pam(directory(0o40700)), "problem", "pam_socket"],
    [settingsFile(0o100646), "problem", "service_settings"],
    [settingsFile(0o100664, 0, 50), "problem", "service_settings"],
    [settingsFile(0o100644, 990), "problem", "service_settings"],
    [settingsFile(0o100600), "problem", "service_settings"],
    [settingsFile(0o100640, 0, 50), "problem", "service_settings"],
    [{ settingsError: "x:1 sets totpX" }, "problem", "settings"],
    [{ config: withLine("setenv totpDriftSteps 2") }, "warning", "settings"],
    [{ service: { user: noUser } }, "problem", "service_user"],
    [{ service: { unit: null } }, "warning", "service_unit"],
    [{ service: { programs: programs({ trouble: "mine" }) } }, "problem", "program_file"],
    [{ service: { programs: programs({ isExecutable: false }) } }, "problem", "program_file"],
    [{ service: { programs: programs({ real: null }) } }, "problem", "program_file"],
    [{ service: { unit: unitOf(UNIT.replace(PROGRAM, "/home/me/p")) } }, "problem", "unit_paths"],
    [{ service: { status: { address: "/run/s", answers: false } } }, "warning", "service_running"],
    [{ service: { unit: unitOf(UNIT, ["/run/openvpn-totp/b.sock"]) } }, "problem", "service_unit"],
    [
      { service: { unit: unitOf(`${UNIT}\n[Service]\nLimitAS=4G`) } },
      "problem",
      "unit_memory",
    ],
    [{ settings: "totpTokenDbPath /srv/totp/db" }, "problem", "unit_paths"],
    [{ settings: "totpKeyFile /root/key" }, "problem", "unit_paths"],
    [{ settings: "totpUnenrolled allow" }, "warning", "unenrolled"],
    [{ settings: "totpMaxFailures 100" }, "warning", "guessing"],
    [{ settings: "totpLog /x/y", facts: { logDirectory: null } }, "problem", "log"],
    [{ facts: { database: { state: "missing" } } }, "problem", "database"],
    [{ config: without("auth-gen-token-secret") }, "warning", "token_secret"],
  ];
  for (const [i, [other, level, id]] of rows.entries()) {
    // A log outside of the service's directories is read-only for it, besides.
    const all = found(setUpOf(other)).filter((one) => id !== "log" || one !== "problem unit_paths");
    assert.deepEqual(all, [`${level} ${id}`], `row ${i}: ${id}`);
  }
});

Deno.test("hook and management client together are a problem", () => {
  const config = withLine(`auth-user-pass-verify ${PROGRAM} via-file`);
  const setUp = setUpOf({ config, facts: { serviceSettings: null, service: null } });
  const finding = checkAll(setUp).find(({ id }) => id === "management")!;
  assert.equal(finding.level, "problem");
  assert.match(finding.why!, /both must accept.*setup --hook or --serve/);
});

Deno.test("advice for the service names lines of its settings' file", () => {
  const lineOf = (other: Other, wanted: FindingId) =>
    checkAll(setUpOf(other)).find(({ id, level }) => id === wanted && level !== "ok")!.line;
  assert.equal(lineOf({ settings: "totpUnenrolled allow" }, "unenrolled"), "totpUnenrolled deny");
  assert.equal(
    lineOf({ config: withLine('setenv totpIssuerName "My VPN"') }, "settings"),
    "totpIssuerName My VPN",
  );
  const secret = checkAll(setUpOf({ config: without("auth-gen-token-secret") }))
    .find(({ id }) => id === "token_secret")!;
  assert.match(secret.command!, /^openvpn-totp setup --serve --config /);
});
