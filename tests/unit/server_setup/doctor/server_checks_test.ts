import assert from "node:assert/strict";
import { postgresPlace } from "../../../../src/core/postgres_url.ts";
import { checkServer } from "../../../../src/server_setup/doctor/server_checks.ts";
import type { SetUp } from "../../../../src/server_setup/doctor/set_up.ts";
import { checkUnitNetwork } from "../../../../src/server_setup/doctor/unit_network.ts";
import { checkUnitPaths } from "../../../../src/server_setup/doctor/unit_paths.ts";
import { readUnitFile } from "../../../../src/server_setup/systemd/unit_file.ts";
import type { HostFacts, ServerFacts } from "../../../../src/store/open_store.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const SERVER: ServerFacts = {
  version: 150_004,
  encoding: "UTF8",
  isReadOnly: false,
  role: { name: "logins", excess: [], lacking: [] },
  schema: { version: 1, oldestProgram: 1 },
  isSynced: true,
  synchronousCommit: "on",
  synchronousStandbys: "",
  aheadMs: 20,
  roundTripMs: 0.4,
};

const NONE: Partial<HostFacts> = { trouble: "it is gone", server: null };

/** What is found, each as `level id: what`, where hosts differ from a good server. */
function found(url: string, hosts: readonly (Partial<HostFacts> | Partial<ServerFacts>)[] = [{}]) {
  const database = postgresPlace(url, 5000)!;
  const databaseHosts = hosts.map((other, i): HostFacts => {
    const host = database.hosts[i]!;
    return "server" in other
      ? { host, trouble: null, server: SERVER, ...other }
      : { host, trouble: null, server: { ...SERVER, ...other } };
  });
  return checkServer({ databaseHosts, settings: { database } } as unknown as SetUp)
    .map(({ level, id, what }) => `${level} ${id}: ${what}`);
}

function notOk(...args: Parameters<typeof found>): string[] {
  return found(...args).filter((line) => !line.startsWith("ok "));
}

const URL_OF_ONE = "postgres://logins@db.example/vpn";
const URL_OF_TWO = "postgres://logins@db.example,other.example/vpn";

Deno.test("a good server has neither problem nor warning", () => {
  assert.deepEqual(found(URL_OF_ONE), [
    "ok database_server: logins use db.example:5432 as logins",
    "ok database_tls: TLS verifies the server, and encrypts what is said",
    "ok database_server: the server is PostgreSQL 15, with the encoding UTF8",
    "ok database_role: the role logins may do only what logins need",
    "ok database_commit: what is committed outlives a crash of the server",
    "ok database_clock: this machine's clock agrees with the database's",
    "ok database_time: a round trip to the database takes 0.4 ms",
  ]);
  assert.deepEqual(notOk("postgres://logins@127.0.0.1/vpn"), []);
  assert.deepEqual(notOk(URL_OF_ONE, [{ synchronousCommit: "off" }]), []);
  const synchronous = { synchronousStandbys: "ANY 1 (b)" };
  const replica = { trouble: "it takes no writes", server: { ...SERVER, isReadOnly: true } };
  assert.deepEqual(notOk(URL_OF_TWO, [synchronous, replica]), []);
  assert.match(found(URL_OF_TWO, [replica, synchronous])[0]!, /logins use other\.example:5432/);
});

Deno.test("what is wrong with a server", () => {
  const cases: [url: string, hosts: Parameters<typeof found>[1], expected: string[]][] = [
    [URL_OF_ONE, [NONE], ["problem database_server: it is gone"]],
    [URL_OF_TWO, [NONE, NONE], ["problem database_server: it is gone; it is gone"]],
    [URL_OF_TWO, [NONE, { synchronousStandbys: "a" }], ["warning database_server: it is gone"]],
    [URL_OF_TWO, [{}, {}], [
      "warning database_commit: the URL names several hosts, and the server replicates " +
      "asynchronously",
    ]],
    [URL_OF_ONE, [{ isSynced: false }], ["problem database_commit: the server has fsync off"]],
    [URL_OF_ONE, [{ version: 120_010 }], ["problem database_server: the server is PostgreSQL 12"]],
    [URL_OF_ONE, [{ encoding: "LATIN1" }], [
      "problem database_server: the database has the encoding LATIN1",
    ]],
    [
      URL_OF_ONE,
      [{ role: { name: "vpn", excess: ["owns the tables", "may replicate"], lacking: [] } }],
      [
        "warning database_role: the role vpn, which logins use, owns the tables and may replicate",
      ],
    ],
    [URL_OF_ONE, [{ role: { name: "vpn", excess: [], lacking: ["turns"] } }], [
      "problem database_role: the role vpn, which logins use, lacks rights on turns",
    ]],
    ["postgres://u@db.example/vpn?sslmode=disable", [{}], [
      "warning database_tls: the connection to db.example:5432 has no TLS (sslmode=disable)",
    ]],
    [URL_OF_ONE, [{ aheadMs: 1999 }], []],
    [URL_OF_ONE, [{ aheadMs: 2000 }], [
      "warning database_clock: this machine's clock is 2.0 s behind the database's",
    ]],
    [URL_OF_ONE, [{ aheadMs: -15_000 }], [
      "problem database_clock: this machine's clock is 15.0 s ahead of the database's",
    ]],
    [URL_OF_ONE, [{ roundTripMs: 50 }], [
      "warning database_time: a round trip to the database takes 50.0 ms",
    ]],
  ];
  for (const [url, hosts, expected] of cases) assert.deepEqual(notOk(url, hosts), expected);
});

Deno.test("a socket's directory where others can put files is doubtful", async () => {
  await using place = await makeTestDirectory();
  const url = `postgres://u@/vpn?host=${place.path}`;
  assert.deepEqual(notOk(url), []);
  Deno.chmodSync(place.path, 0o1777);
  assert.match(notOk(url)[0]!, /^warning database_tls: others can put a socket of their own into/);
});

Deno.test("a unit that cuts the program off from the database's server", () => {
  const cases: [url: string, lines: string[], line: string | null][] = [
    [URL_OF_ONE, [], null],
    [URL_OF_ONE, ["IPAddressDeny=any", "IPAddressAllow=localhost"], "IPAddressDeny="],
    [URL_OF_ONE, ["IPAddressDeny=any", "IPAddressAllow=localhost 192.0.2.0/24"], null],
    [URL_OF_ONE, ["IPAddressDeny=any", "IPAddressDeny="], null],
    ["postgres://u@127.0.0.1/vpn", ["IPAddressDeny=any", "IPAddressAllow=localhost"], null],
    ["postgres://u@/vpn?host=/run", ["IPAddressDeny=any"], null],
    [URL_OF_ONE, ["PrivateNetwork=yes"], "PrivateNetwork=no"],
    ["postgres://u@/vpn?host=/run", ["PrivateNetwork=yes"], null],
    [
      URL_OF_ONE,
      ["RestrictAddressFamilies=AF_UNIX"],
      "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    ],
    [URL_OF_ONE, ["RestrictAddressFamilies=AF_UNIX AF_INET"], null],
    [URL_OF_ONE, ["RestrictAddressFamilies=~AF_NETLINK"], null],
    [
      "postgres://u@/vpn?host=/run",
      ["RestrictAddressFamilies=AF_INET"],
      "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    ],
  ];
  for (const [url, lines, line] of cases) {
    const unit = { name: "u", assignments: readUnitFile(["[Service]", ...lines].join("\n"), "u") };
    const settings = { database: postgresPlace(url, 5000)! } as SetUp["settings"];
    const [finding] = checkUnitNetwork(unit, { settings });
    const expected = line === null ? ["ok", null] : ["problem", line];
    assert.deepEqual([finding!.level, finding!.line], expected, lines.join());
  }
  const hidden = "postgres://u@db.example/vpn?passfile=/root/pass&sslrootcert=/etc/ca.pem";
  const facts = {
    settings: { database: postgresPlace(hidden, 5000)!, keyFile: "/etc/key", log: "stderr" },
    program: "/usr/local/bin/openvpn-totp",
    serviceSettings: { path: "/etc/serve.conf", values: new Map(), error: null },
  } as unknown as SetUp;
  const assignments = readUnitFile("[Service]\nProtectHome=yes", "u");
  const path = checkUnitPaths({ name: "u", assignments }, facts);
  assert.match(path.why!, /the passfile \/root\/pass is hidden/);

  const inFile = { database: { engine: "sqlite", path: "/x" } } as SetUp["settings"];
  assert.deepEqual(checkUnitNetwork({ name: "u", assignments: [] }, { settings: inFile }), []);
});
