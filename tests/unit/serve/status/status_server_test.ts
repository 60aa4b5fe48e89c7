import assert from "node:assert/strict";
import type { ServiceState } from "../../../../src/service_state.ts";
import { openStatusServer, type StatusServer } from "../../../../src/serve/status/status_server.ts";
import type { SocketAddress } from "../../../../src/service_options.ts";
import { connectTo, exchange, freePort, get, type Listening } from "../../../lab/http_request.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { serverState, serviceState } from "../../../lab/service_state.ts";

const METRICS = "# HELP x y\n";

/** Runs a test with a server on a socket in a directory of its own. */
async function withServer(
  { limits, ...source }: Partial<Parameters<typeof openStatusServer>[1]> & {
    limits?: Parameters<typeof openStatusServer>[2];
  },
  test: (address: Listening, server: StatusServer) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  const address = { transport: "unix", path: `${directory.path}/status.sock` } as const;
  const full = { metrics: () => METRICS, state: () => serviceState(), ...source };
  const server = await openStatusServer(address, full, limits);
  try {
    await test(address, server);
  } finally {
    await server.close();
  }
}

Deno.test("the status server tells metrics, readiness and state", () =>
  withServer({}, async (address) => {
    const metrics = await get(address, "/metrics?debug=1");
    assert.equal(metrics.status, 200);
    assert.equal(metrics.body, METRICS);
    assert.match(metrics.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
    const status = await get(address, "/status");
    assert.deepEqual(JSON.parse(status.body), serviceState());
    assert.equal(status.headers.get("content-type"), "application/json");
    const ready = await get(address, "/ready");
    assert.deepEqual([ready.status, ready.body], [200, "ready\n"]);
  }));

Deno.test("the status server measures an answer's length in bytes", () =>
  withServer({ metrics: () => "é\u{1f600}\n" }, async (address) => {
    const { headers, body } = await get(address, "/metrics");
    assert.equal(headers.get("content-length"), "7");
    assert.equal(body, "é\u{1f600}\n");
  }));

Deno.test("the status server says why the service isn't ready, one reason a line", async () => {
  const since = Date.UTC(2026, 0, 31, 12);
  const cases: [Partial<ServiceState>, string][] = [
    [{ isStopping: true }, "the service is stopping\n"],
    [
      {
        servers: [
          serverState(),
          serverState({ address: "127.0.0.1:7505", isConnected: false, since }),
          serverState({ address: "/run/b.sock", isConnected: false, since }),
        ],
      },
      "not connected to 127.0.0.1:7505 since 2026-01-31T12:00:00.000Z\n" +
      "not connected to /run/b.sock since 2026-01-31T12:00:00.000Z\n",
    ],
  ];
  for (const [state, expected] of cases) {
    await withServer({ state: () => serviceState(state) }, async (address) => {
      const { status, body } = await get(address, "/ready");
      assert.deepEqual([status, body], [503, expected]);
    });
  }
});

Deno.test("the status server answers nothing but GET on its paths", () =>
  withServer({}, async (address) => {
    const status = async (text: string) => (await exchange(address, text)).status;
    assert.equal(await status("GET /metrics HTTP/1.0\r\n\r\n"), 200);
    assert.equal(await status("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    assert.equal(await status("GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    assert.equal(await status("GET //metrics HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    const body = "x".repeat(50_000);
    const post = await exchange(address, `POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n${body}`);
    assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET"]);
    const garbage = [
      "\r\n\r\n",
      "GET /metrics\r\n\r\n",
      "GET /metrics HTTP/2.0\r\n\r\n",
      "GET http://localhost/metrics HTTP/1.1\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
      `GET /${"x".repeat(9000)} HTTP/1.1\r\n\r\n`,
      "\x16\x03\x01\x00\xff".repeat(2000),
    ];
    for (const text of garbage) assert.equal(await status(text), 400, text.slice(0, 40));
  }));

Deno.test("the status server tells no details of its own errors", () =>
  withServer({
    metrics: () => {
      throw new Error("a secret");
    },
  }, async (address) => {
    const { status, body } = await get(address, "/metrics");
    assert.deepEqual([status, body], [500, "the service could not answer\n"]);
    assert.equal((await get(address, "/ready")).status, 200);
  }));

Deno.test("the status server on a port answers only to the loopback address's names", async () => {
  const address = { transport: "tcp", hostname: "127.0.0.1", port: freePort() } as const;
  const source = { metrics: () => METRICS, state: () => serviceState() };
  const server = await openStatusServer(address, source);
  try {
    for (const host of ["localhost", "127.0.0.1", "127.0.0.1:9100", "[::1]:9100", "LOCALHOST"]) {
      const { status, headers } = await get(address, "/metrics", host);
      assert.equal(status, 200, host);
      assert(!headers.keys().some((name) => name.startsWith("access-control")));
    }
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""]) {
      const { status, body } = await get(address, "/metrics", host);
      assert.equal(status, 403, host);
      assert.doesNotMatch(body, /HELP/);
    }
    await assert.rejects(openStatusServer(address, source), {
      code: "file_error",
      message: /another program listens there/,
    });
  } finally {
    await server.close();
  }
});

Deno.test("the status server serves some at once; the others wait, and time frees a place", () => {
  const limits = { connections: 2, timeMs: 200 };
  return withServer({ limits }, async (address) => {
    const silent = await Promise.all(Array.from({ length: 5 }, () => connectTo(address)));
    assert.equal((await get(address, "/ready")).body, "ready\n");
    for (const connection of silent) {
      assert.equal(await connection.read(new Uint8Array(1)), null);
      connection.close();
    }
  });
});

Deno.test("the status server leaves those beyond its limit in the system's queue", async () => {
  const asked: string[] = [];
  const limits = { connections: 1, timeMs: PATIENCE_MS };
  const state = () => {
    asked.push("asked");
    return serviceState();
  };
  await withServer({ limits, state }, async (address) => {
    const first = await connectTo(address);
    const second = get(address, "/status");
    // A server without the limit would have answered by the time that another one has.
    await withServer({}, async (other) => {
      for (let i = 0; i < 20; i++) await get(other, "/ready");
    });
    asked.push("first has gone");
    first.close();
    await second;
    assert.deepEqual(asked, ["first has gone", "asked"]);
  });
});

Deno.test("the status server waits for no reader", () => {
  // Several times as long as the metrics of a service with ten servers.
  const metrics = () => "x".repeat(100_000);
  const limits = { connections: 1, timeMs: PATIENCE_MS };
  return withServer({ metrics, limits }, async (address) => {
    const slow = await connectTo(address);
    await slow.write(new TextEncoder().encode("GET /metrics HTTP/1.0\r\n\r\n"));
    assert.equal((await get(address, "/ready")).status, 200);
    const reply = await new Response(slow.readable).text();
    assert.equal(reply.split("\r\n\r\n")[1], metrics());
  });
});

Deno.test("the status server's end drops its clients and removes its socket", () =>
  withServer({ limits: { connections: 4, timeMs: PATIENCE_MS } }, async (address, server) => {
    const path = (address as Deno.UnixConnectOptions).path;
    assert.equal(Deno.lstatSync(path).mode! & 0o777, 0o666);
    const idle = await connectTo(address);
    await get(address, "/ready");
    await server.close();
    assert.equal(await idle.read(new Uint8Array(1)), null);
    idle.close();
    assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
  }));

Deno.test("the status server replaces a socket that nobody listens on, and nothing else", async () => {
  await using directory = await makeTestDirectory();
  const path = `${directory.path}/status.sock`;
  const address: SocketAddress = { transport: "unix", path };
  const source = { metrics: () => METRICS, state: () => serviceState() };
  {
    // Deno removes the name that it knows, so this leaves a socket as a killed service does.
    using killed = Deno.listen({ transport: "unix", path: `${path}.made` });
    await Deno.rename(`${path}.made`, path);
    void killed;
  }
  assert(Deno.lstatSync(path).isSocket, "an earlier run has left its socket");
  const server = await openStatusServer(address, source);
  await assert.rejects(openStatusServer(address, source), {
    code: "file_error",
    message: /another program listens there/,
  });
  assert.equal((await get({ transport: "unix", path }, "/ready")).status, 200);

  // Another service has taken the place: its socket stays.
  await Deno.rename(path, `${path}.old`);
  using other = Deno.listen({ transport: "unix", path });
  await server.close();
  assert(Deno.lstatSync(path).isSocket);
  other.close();

  await Deno.writeTextFile(path, "precious");
  await assert.rejects(openStatusServer(address, source), {
    code: "file_error",
    message: /no socket is there and was left alone/,
  });
  assert.equal(await Deno.readTextFile(path), "precious");
});

Deno.test("the status server names the directory's trouble", async () => {
  await using directory = await makeTestDirectory();
  const source = { metrics: () => METRICS, state: () => serviceState() };
  const open = (path: string) => openStatusServer({ transport: "unix", path }, source);
  await assert.rejects(open(`${directory.path}/missing/status.sock`), {
    code: "file_error",
    message: /its directory doesn't exist: create it/,
  });
  await Deno.mkdir(`${directory.path}/open`);
  await Deno.chmod(`${directory.path}/open`, 0o777);
  await assert.rejects(open(`${directory.path}/open/status.sock`), { code: "untrusted_path" });
});
