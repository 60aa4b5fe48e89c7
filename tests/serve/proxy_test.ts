import assert from "node:assert/strict";
import { writeAllAsync } from "../../src/system/write_all.ts";
import { Lines } from "../lab/lines.ts";
import { CLIENT, PASSWORD, ServiceRig } from "../lab/service_rig.ts";

/** An administrator's management client. */
class Client implements AsyncDisposable {
  readonly lines = new Lines("the proxy");
  readonly #connection: Deno.UnixConn;
  readonly #reading: Promise<void>;

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
    this.#reading = this.lines.readFrom(connection.readable);
  }

  static async connect(path: string): Promise<Client> {
    const client = new Client(await Deno.connect({ transport: "unix", path }));
    await client.lines.waitFor(/^>INFO:/);
    return client;
  }

  async send(text: string): Promise<void> {
    await writeAllAsync(this.#connection, new TextEncoder().encode(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#connection.close();
    } catch {
      // The reading has closed it.
    }
    await this.#reading;
  }
}

const PROXY = ["--management-proxy", "DIRECTORY/proxy.sock"];

Deno.test("the proxy passes commands on and replies back, to many clients at once", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  await using first = await Client.connect(`${rig.directory}/proxy.sock`);
  await using second = await Client.connect(`${rig.directory}/proxy.sock`);
  await first.send("status\r\nsta");
  await second.send("kill client1\nlog on\n");
  await first.send("te\n");
  await second.lines.waitFor(/^SUCCESS: kill/);
  await second.lines.waitFor(/^SUCCESS: log/);
  await first.lines.waitFor(/^TITLE,fake/);
  await first.lines.waitFor(/^END/);
  await first.lines.waitFor(/^SUCCESS: state/);
  rig.server.say(">LOG:1,,a line\r\n");
  for (const client of [first, second]) await client.lines.waitFor(/^>LOG:1,,a line/);
  assert(!second.lines.seen.some((line) => line.startsWith("TITLE")));
});

Deno.test("the proxy decides about no login, however a command is written", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  const { server } = rig;
  await rig.enrol("alice");
  await rig.challenge("0 1", "alice");
  await using client = await Client.connect(`${rig.directory}/proxy.sock`);
  const commands = [
    "client-auth-nt 0 1",
    "client-auth 0 1",
    "client-deny 0 1 x",
    'client-pending-auth 0 1 "CR_TEXT:R,E:x" 30',
    '"client-auth-nt" 0 1',
    "'client-auth-nt' 0 1",
    "client\\-auth-nt 0 1",
    " client-auth-nt 0 1",
    "\tclient-auth-nt 0 1",
    "CLIENT-AUTH-NT 0 1",
    "client-auth-nt\t0 1",
    "status\0\nclient-auth-nt 0 1",
    "status 2\rclient-auth-nt 0 1",
    "client-kill 0",
    "client-kill  0",
    'client-kill "0"',
    "client-kill 00",
    "version 1",
    "rsa-sig",
    `status ${"x".repeat(1100)}`,
    "x".repeat(70_000),
  ];
  for (const command of commands) {
    const before = client.lines.seen.length;
    await client.send(`${command}\n`);
    await client.lines.waitFor(/^ERROR: /, before);
  }
  assert.deepEqual(
    server.commands.filter((command) => !/^(version|client-pending)/.test(command)),
    [],
  );
  await client.send("client-kill 7\nexit\n");
  await client.lines.waitFor(/^SUCCESS: client-kill/);
  assert.deepEqual(server.mistakes, []);
});

Deno.test("the proxy passes on no command whose reply it could not tell from the next one's", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  await using client = await Client.connect(`${rig.directory}/proxy.sock`);
  const commands = [
    "log on off",
    "log all all",
    "log on 0",
    'log "on" all',
    "log on all ",
    "log  on",
  ];
  for (const command of [...commands, "state off 3", "state on 1 2", "echo 2147483647", "log 0"]) {
    const before = client.lines.seen.length;
    await client.send(`${command}\n`);
    await client.lines.waitFor(/^ERROR: (log|state|echo) takes on, off, all/, before);
  }
  for (const command of ["log on", "echo off", "state", "state 5"]) {
    const before = client.lines.seen.length;
    await client.send(`${command}\n`);
    await client.lines.waitFor(/^SUCCESS: /, before);
  }
  const passed = rig.server.commands.filter((command) => command !== "version");
  assert.deepEqual(passed, ["log on", "echo off", "state", "state 5"]);
});

Deno.test("the proxy takes no command that a browser sends behind its own lines", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  await using browser = await Client.connect(`${rig.directory}/proxy.sock`);
  const head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n";
  await browser.send(`${head}\r\nsignal SIGTERM\r\n`);
  // The connection ends before.
  await assert.rejects(browser.lines.waitFor(/^SUCCESS: signal/));
  assert.deepEqual(rig.server.commands.filter((command) => command !== "version"), []);
});

Deno.test("the proxy shows no password and no code", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  const code = (await rig.enrol("alice"))();
  await using client = await Client.connect(`${rig.directory}/proxy.sock`);
  await rig.challenge("0 1", "alice");
  rig.server.answer("0 1", code, "alice", CLIENT);
  await rig.server.word("0 1");
  rig.server.say(
    `>CLIENT:ESTABLISHED,0\r\n>CLIENT:ENV,password=${PASSWORD}\r\n>CLIENT:ENV,END\r\n`,
  );
  await client.lines.waitFor(/^>CLIENT:ENV,END/);
  const seen = client.lines.seen.join("\n");
  assert.match(seen, />CLIENT:ESTABLISHED,0/);
  assert.doesNotMatch(seen, /correct|CR_RESPONSE|password/);
});

Deno.test("a proxy's client that reads nothing holds up neither logins nor others", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  await rig.enrol("alice");
  const idle = await Deno.connect({ transport: "unix", path: `${rig.directory}/proxy.sock` });
  const line = `>LOG:1,,${"x".repeat(1000)}\r\n`;
  for (let i = 0; i < 20_000; i++) rig.server.say(line);
  assert.equal((await rig.challenge("0 1", "alice"))[0], "client-pending-auth");
  await using client = await Client.connect(`${rig.directory}/proxy.sock`);
  await client.send("status\n");
  await client.lines.waitFor(/^TITLE,fake/);
  idle.close();
});

Deno.test("the proxy is for the service's user and root alone, and goes with the service", async () => {
  const rig = await ServiceRig.start({ args: PROXY });
  const path = `${rig.directory}/proxy.sock`;
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  rig.serve.signal("SIGTERM");
  await rig.serve.status;
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  await rig[Symbol.asyncDispose]();
});

Deno.test("the proxy says so while OpenVPN is away", async () => {
  await using rig = await ServiceRig.start({ args: PROXY });
  await using client = await Client.connect(`${rig.directory}/proxy.sock`);
  await rig.server[Symbol.asyncDispose]();
  await rig.log.waitFor(/event=disconnected/);
  await client.send("status\n");
  await client.lines.waitFor(/^ERROR: OpenVPN is not connected/);
});
