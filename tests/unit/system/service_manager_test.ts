import assert from "node:assert/strict";
import { systemdNotifier } from "../../../src/system/service_manager.ts";
import { makeTestDirectory } from "../../lab/program.ts";

/** A test that loads the C library, which stays loaded as in the program. */
function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, sanitizeResources: false, fn });
}

/** Reads variables from a list. */
function variables(all: Record<string, string>): (name: string) => string | undefined {
  return (name) => all[name];
}

/** Where a service manager listens. */
function listen(path: string): Deno.DatagramConn & Disposable {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

async function received(socket: Deno.DatagramConn): Promise<string> {
  const [bytes] = await socket.receive();
  return new TextDecoder().decode(bytes);
}

test("systemdNotifier sends states to the socket of a path", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/notify`;
  using socket = listen(path);
  const { notify, watchdogMs } = systemdNotifier(variables({ NOTIFY_SOCKET: path }));
  notify("READY=1\nSTATUS=2 servers, é");
  notify("WATCHDOG=1");
  assert.equal(await received(socket), "READY=1\nSTATUS=2 servers, é");
  assert.equal(await received(socket), "WATCHDOG=1");
  assert.equal(watchdogMs, null);
});

test("systemdNotifier sends states to an abstract socket", async () => {
  const name = `openvpn-totp-test-${crypto.randomUUID()}`;
  // Deno cannot bind such a name.
  const script = "import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); " +
    "s.bind('\\0' + sys.argv[1]); print('bound', flush=True); print(s.recv(100).decode())";
  const child = new Deno.Command("python3", { args: ["-c", script, name], stdout: "piped" })
    .spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "bound\n");
  systemdNotifier(variables({ NOTIFY_SOCKET: `@${name}` })).notify("READY=1");
  assert.equal((await reader.read()).value, "READY=1\n");
  assert((await child.status).success);
  await reader.cancel();
});

test("systemdNotifier reaches what a path of 107 bytes names", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/`.padEnd(107, "n");
  using socket = listen(path);
  systemdNotifier(variables({ NOTIFY_SOCKET: path })).notify("READY=1");
  assert.equal(await received(socket), "READY=1");
});

test("systemdNotifier does nothing where there is nobody to tell", async () => {
  await using directory = await makeTestDirectory();
  const nowhere = `${directory.path}/nobody`;
  const names = [undefined, "", "@", "/", "notify", "vsock:2:1234", nowhere, "/x".padEnd(200, "x")];
  for (const name of names) {
    const all: Record<string, string> = name === undefined ? {} : { NOTIFY_SOCKET: name };
    systemdNotifier(variables(all)).notify("READY=1");
  }
});

test("systemdNotifier does not wait for a manager that does not read", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/notify`;
  using socket = listen(path);
  const { notify } = systemdNotifier(variables({ NOTIFY_SOCKET: path }));
  // The kernel keeps a few hundred messages at most (net.unix.max_dgram_qlen).
  for (let i = 0; i < 5000; i++) notify(`STATUS=${i}`);
  assert.equal(await received(socket), "STATUS=0");
});

const WATCHDOGS: [all: Record<string, string>, ms: number | null][] = [
  [{}, null],
  [{ WATCHDOG_USEC: "30000000" }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(Deno.pid) }, 30_000],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: String(Deno.pid + 1) }, null],
  [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "" }, null],
  [{ WATCHDOG_USEC: "1999" }, 1],
  [{ WATCHDOG_USEC: "999" }, null],
  [{ WATCHDOG_USEC: "0" }, null],
  [{ WATCHDOG_USEC: "-1" }, null],
  [{ WATCHDOG_USEC: "soon" }, null],
  [{ WATCHDOG_USEC: "18446744073709551615" }, null],
];

for (const [all, ms] of WATCHDOGS) {
  test(`systemdNotifier reads the watchdog's time from ${JSON.stringify(all)}`, async () => {
    await using directory = await makeTestDirectory();
    const socket = { NOTIFY_SOCKET: `${directory.path}/notify` };
    assert.equal(systemdNotifier(variables({ ...all, ...socket })).watchdogMs, ms);
    // Nobody could be told that the service lives.
    assert.equal(systemdNotifier(variables(all)).watchdogMs, null);
  });
}

test("systemdNotifier loads no library without NOTIFY_SOCKET", () => {
  const load = Deno.dlopen;
  let loaded = 0;
  Deno.dlopen = ((...args: Parameters<typeof load>) => (loaded++, load(...args))) as typeof load;
  try {
    systemdNotifier(() => undefined).notify("READY=1");
    assert.equal(loaded, 0);
    systemdNotifier(variables({ NOTIFY_SOCKET: "/nobody" }));
    assert.equal(loaded, 1);
  } finally {
    Deno.dlopen = load;
  }
});
