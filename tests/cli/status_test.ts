import assert from "node:assert/strict";
import type { ServiceState } from "../../src/service_state.ts";
import { openStatusServer } from "../../src/serve/status/status_server.ts";
import type { SocketAddress } from "../../src/service_options.ts";
import { type Output, run } from "../lab/command.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { freePort } from "../lab/http_request.ts";
import { copyProgram, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { serverState, serviceState } from "../lab/service_state.ts";

const NOBODY = 65534;

const ask = (socket: string, ...options: string[]) =>
  run(PROGRAM, ["status", "--socket", socket, ...options]);

/** Asks a service with this state. */
async function askAbout(state: Partial<ServiceState>, ...options: string[]): Promise<Output> {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/status.sock`;
  const source = { metrics: () => "", state: () => serviceState(state) };
  const server = await openStatusServer({ transport: "unix", path }, source);
  try {
    return await ask(path, ...options);
  } finally {
    await server.close();
  }
}

/** Asks something that replies with these bytes, and says whether more may follow. */
async function askPeer(reply: string | Uint8Array<ArrayBuffer>, isOpen = false): Promise<Output> {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/status.sock`;
  using listener = Deno.listen({ transport: "unix", path });
  const asked = ask(path);
  using connection = await listener.accept();
  const writer = connection.writable.getWriter();
  const bytes = typeof reply === "string" ? new TextEncoder().encode(reply) : reply;
  // It may have heard enough before all is written.
  await writer.write(bytes).catch(() => {});
  if (!isOpen) await connection.closeWrite().catch(() => {});
  return await asked;
}

const http = (body: unknown, head = "HTTP/1.1 200 OK") =>
  `${head}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}`;

testWith(
  [],
  "status shows servers, logins and helpers, and ends well if all are connected",
  async () => {
    const servers = [
      serverState({ loginsInFlight: 3, pendingChallenges: 2 }),
      serverState({ address: "127.0.0.1:7505", version: null }),
    ];
    const { status, stdout, stderr } = await askAbout({ servers });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(
      stdout,
      `Service:           running
Version:           1.2.3
Since:             2026-01-31T11:00:00Z
Logins in flight:  5 of 1000
PAM helpers:       4 of 8, 3 busy; 2 logins wait for one

SERVER                         STATE      SINCE                 OPENVPN  IN FLIGHT  AWAITED CODES
/run/openvpn-totp/server.sock  connected  2026-01-31T12:00:00Z  2.6.14   3          2
127.0.0.1:7505                 connected  2026-01-31T12:00:00Z  -        0          0
`,
    );
  },
);

testWith([], "status fails while a server is away or the service is stopping", async () => {
  const away = serverState({ address: "/run/b.sock", isConnected: false });
  const first = await askAbout({ servers: [serverState(), away], helpers: null });
  assert.equal(first.status, 1);
  assert.match(first.stdout, /^\/run\/b\.sock +away /m);
  assert.match(first.stdout, /^PAM helpers: +none, as another program checks passwords$/m);
  const second = await askAbout({ isStopping: true });
  assert.equal(second.status, 1);
  assert.match(second.stdout, /^Service: +stopping$/m);
  assert.equal((await askAbout({ isStopping: true }, "--json")).status, 1);
});

testWith([], "status --json has times as all commands have them", async () => {
  const { status, stdout } = await askAbout({}, "--json");
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), {
    version: "1.2.3",
    startedAt: "2026-01-31T11:00:00Z",
    stopping: false,
    loginsInFlight: 5,
    maxLogins: 1000,
    helpers: { open: 4, busy: 3, limit: 8, waiting: 2 },
    servers: [{
      address: "/run/openvpn-totp/server.sock",
      connected: true,
      since: "2026-01-31T12:00:00Z",
      reconnects: 0,
      version: "2.6.14",
      loginsInFlight: 0,
      pendingChallenges: 0,
    }],
  });
});

testWith([], "status --json prints the fields that docs/scripts.md names", async () => {
  const { stdout } = await askAbout({}, "--json");
  assertDocumented("status", JSON.parse(stdout));
});

testWith(["root"], "status needs no rights", async () => {
  await using directory = await makeTestDirectory();
  await Deno.chmod(directory.path, 0o755);
  const program = await copyProgram(directory.path);
  const path = `${directory.path}/status.sock`;
  const source = { metrics: () => "", state: () => serviceState() };
  const server = await openStatusServer({ transport: "unix", path }, source);
  try {
    const { status, stderr } = await run(program, ["status", "--socket", path], { uid: NOBODY });
    assert.deepEqual([status, stderr], [0, ""]);
  } finally {
    await server.close();
  }
});

testWith([], "status asks over a loopback port, too", async () => {
  const address: SocketAddress = { transport: "tcp", hostname: "127.0.0.1", port: freePort() };
  const source = { metrics: () => "", state: () => serviceState() };
  const server = await openStatusServer(address, source);
  try {
    const { status, stdout } = await ask(`localhost:${address.port}`);
    assert.equal(status, 0);
    assert.match(stdout, /^Service: +running$/m);
  } finally {
    await server.close();
  }
});

testWith([], "status says what to do where nothing answers", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/status.sock`;
  const refused = { transport: "tcp", port: freePort() };
  for (const socket of [path, `127.0.0.1:${refused.port}`]) {
    const { status, stdout, stderr } = await ask(socket);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.equal(
      stderr,
      `openvpn-totp: the service can't be reached on "${socket}": it isn't running, or its --status ` +
        "names another address (systemctl status openvpn-totp)\n",
    );
  }
  const { status, stderr } = await ask("192.0.2.1:80");
  assert.equal(status, 2);
  assert.match(stderr, /--socket is "192\.0\.2\.1:80", expected an absolute path/);
});

testWith([], "status takes nothing from a peer that isn't the service", async () => {
  const good = serviceState();
  const [server] = good.servers;
  const replies: (string | Uint8Array<ArrayBuffer>)[] = [
    "",
    "SSH-2.0-OpenSSH_9.2\r\n",
    http(good, "HTTP/1.1 500 Internal Server Error"),
    http(good, "HTTP/2 200"),
    `HTTP/1.1 200 OK\r\n\r\n${JSON.stringify(good).slice(0, -2)}`,
    http(null),
    http([good]),
    http({ ...good, servers: {} }),
    http({ ...good, servers: [null] }),
    http({ ...good, servers: [{ ...server, address: 7 }] }),
    http({ ...good, servers: [{ ...server, address: "x".repeat(257) }] }),
    http({ ...good, servers: [{ ...server, since: 1e300 }] }),
    http({ ...good, servers: [{ ...server, isConnected: "true" }] }),
    http({ ...good, startedAt: -1 }),
    http({ ...good, startedAt: Number.MAX_SAFE_INTEGER }),
    http({ ...good, loginsInFlight: 0.5 }),
    http({ ...good, helpers: [] }),
    http({ ...good, helpers: undefined }),
    http({ ...good, isStopping: null }),
    new Uint8Array([...new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"), 0xff, 0xfe]),
    http({ ...good, more: "x".repeat(2_000_000) }),
  ];
  for (const reply of replies) {
    const { status, stdout, stderr } = await askPeer(reply);
    assert.deepEqual([status, stdout], [1, ""], String(reply).slice(0, 200));
    assert.match(
      stderr,
      /^openvpn-totp: what answers on ".*" is no service of this openvpn-totp: /,
    );
  }
});

testWith([], "status prints no text that can act on a terminal", async () => {
  const hostile = "\x1b]0;x\x07\u202e\n";
  const state = serviceState({ version: hostile, servers: [serverState({ address: hostile })] });
  const { status, stdout } = await askPeer(http(state));
  assert.equal(status, 0);
  assert.match(stdout, /^\\u\{1b\}\]0;x\\u\{7\}\\u\{202e\}\\u\{a\} +connected/m);
  assert.doesNotMatch(stdout.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
});

testWith([], "status waits for no peer for ever", async () => {
  const { status, stdout, stderr } = await askPeer("HTTP/1.1 200 OK\r\n", true);
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /the service did not answer on ".*" within 5 seconds: see its log/);
});
