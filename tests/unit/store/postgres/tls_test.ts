import assert from "node:assert/strict";
import { Failure, type FailureCode } from "../../../../src/core/failure.ts";
import { postgresPlace } from "../../../../src/core/postgres_url.ts";
import { connect } from "../../../../src/store/postgres/connect.ts";
import { Deadline } from "../../../../src/store/postgres/deadline.ts";
import { mustRun, run } from "../../../lab/command.ts";
import { freePort } from "../../../lab/free_port.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import {
  startPostgres,
  type TestPostgres,
  type TestPostgresDatabase,
} from "../../../lab/postgres.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { POSTGRES_LAB, type Requirement, testWith } from "../../../lab/requirements.ts";

const TLS_LAB: readonly Requirement[] = [...POSTGRES_LAB, "openssl"];

/** What a connection ends with: "connected", or a failure's code and words. */
async function attempt(url: string, timeoutMs = PATIENCE_MS): Promise<string> {
  const place = postgresPlace(url, timeoutMs)!;
  const limits = { statementMs: timeoutMs, pauseMs: timeoutMs };
  try {
    const link = await connect(place, limits, new Deadline(timeoutMs));
    const { rows } = await link.runAll(
      "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
      new Deadline(timeoutMs),
    );
    link.close();
    return rows[0]!.ssl ? "connected by TLS" : "connected";
  } catch (error) {
    assert(error instanceof Failure, String(error));
    return `${error.code}: ${error.message}`;
  }
}

/** Asserts that a connection is refused, in these words. */
async function refused(url: string, code: FailureCode, words: RegExp): Promise<void> {
  const end = await attempt(url);
  assert.match(end, words);
  assert.equal(end.split(":")[0], code);
}

/** Runs tests as steps on one server that has TLS, and takes nobody without it. */
async function withServer(
  t: Deno.TestContext,
  tests: Record<string, (rig: Rig) => Promise<void>>,
): Promise<void> {
  await using postgres = await startPostgres({ tls: { isRequired: true } });
  const database = await postgres.makeDatabase();
  const root = postgres.certificates!.rootFile;
  const to = (host: string, parameters: Record<string, string> = {}) =>
    database.address({
      hosts: [`${host}:${postgres.port}`],
      parameters: { sslmode: "verify-full", sslrootcert: root, ...parameters },
    });
  for (const [name, test] of Object.entries(tests)) {
    const fn = async () => {
      await postgres.useCertificate({});
      await test({ postgres, database, to });
    };
    await t.step({ name, fn, sanitizeOps: false, sanitizeResources: false });
  }
}

interface Rig {
  postgres: TestPostgres;
  database: TestPostgresDatabase;
  /** An address of the database that verifies the server. */
  to(host: string, parameters?: Record<string, string>): string;
}

testWith(TLS_LAB, "a server on PostgreSQL must prove who it is", async (t) => {
  await withServer(t, {
    "by its name, or by its address": async ({ to }) => {
      for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
        assert.equal(await attempt(to(host)), "connected by TLS", host);
      }
    },
    "not by another name or address": async ({ postgres, to }) => {
      const wrong = /its certificate or TLS is not right: .*certificate not valid for name/;
      await postgres.useCertificate({ names: ["db.example.org", "192.0.2.1"] });
      for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
        await refused(to(host), "database_refused", wrong);
      }
      await postgres.useCertificate({ names: ["localhost"] });
      assert.equal(await attempt(to("localhost")), "connected by TLS");
      await refused(to("127.0.0.1"), "database_refused", wrong);
    },
    "not with a certificate that has expired": async ({ postgres, to }) => {
      await postgres.useCertificate({ isExpired: true });
      await refused(to("localhost"), "database_refused", /certificate expired/);
    },
    "not with a certificate of an authority that nobody named": async ({ postgres, to }) => {
      await postgres.useCertificate({ isForeign: true });
      await refused(to("localhost"), "database_refused", /UnknownIssuer/);
      const foreign = { sslrootcert: postgres.certificates!.foreignRootFile };
      assert.equal(await attempt(to("localhost", foreign)), "connected by TLS");
      await refused(
        to("localhost", { sslrootcert: "system" }),
        "database_refused",
        /UnknownIssuer/,
      );
    },
    "and one that takes nobody without TLS refuses sslmode=disable": async ({ to }) => {
      await refused(
        to("localhost", { sslmode: "disable", sslrootcert: "" }).replace("&sslrootcert=", ""),
        "database_refused",
        /no encryption/,
      );
    },
    "and by a unix socket it needs not": async ({ database }) => {
      assert.equal(await attempt(database.socketUrl), "connected");
    },
    "with files that can be used": async ({ postgres, to }) => {
      const file = `${postgres.home.path}/unfit.crt`;
      const unfit: [content: string | null, words: RegExp][] = [
        [null, /cannot read .*unfit.crt \(sslrootcert\): No such file/],
        ["", /unfit.crt \(sslrootcert\) has no certificate/],
        [pem("AAAA"), /unfit.crt \(sslrootcert\) cannot be used: .*BadEncoding/],
      ];
      for (const [content, words] of unfit) {
        if (content !== null) await Deno.writeTextFile(file, content);
        await refused(to("localhost", { sslrootcert: file }), "file_error", words);
      }
    },
  });
});

function pem(content: string): string {
  return `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----\n`;
}

testWith(
  TLS_LAB,
  "a client's certificate lets it in on PostgreSQL, and is looked after",
  async () => {
    await using postgres = await startPostgres({ tls: { asksClients: true } });
    const database = await postgres.makeDatabase();
    const certificates = postgres.certificates!;
    const to = (own: { certificate: string; key: string }) =>
      database.address({
        hosts: [`localhost:${postgres.port}`],
        parameters: {
          sslmode: "verify-full",
          sslrootcert: certificates.rootFile,
          sslcert: own.certificate,
          sslkey: own.key,
        },
      }).replace(/passfile=[^&]*&/, "");
    const own = await certificates.makeClients(database.login);
    await Deno.chmod(own.key, 0o600);
    assert.equal(await attempt(to(own)), "connected by TLS");

    const other = await certificates.makeClients("somebody");
    await Deno.chmod(other.key, 0o600);
    await refused(to(other), "database_refused", /certificate authentication failed/);
    const foreign = await certificates.makeClients(database.login, { isForeign: true });
    await Deno.chmod(foreign.key, 0o600);
    const [code] = (await attempt(to(foreign))).split(":");
    assert.match(code!, /^database_(refused|unreachable)$/);

    await refused(to({ ...own, key: other.key }), "file_error", /\(sslkey\) is not that of/);
    await refused(to({ ...own, certificate: other.certificate }), "file_error", /is not that of/);
    await Deno.chmod(own.certificate, 0o600);
    await refused(to({ ...own, key: own.certificate }), "file_error", /\(sslkey\) cannot be used/);
    await Deno.chmod(own.key, 0o640);
    await refused(to(own), "untrusted_path", /./);
  },
);

testWith(["openssl"], "keys of all kinds are known as their certificate's", async () => {
  const { readTlsFiles } = await import("../../../../src/store/postgres/tls_files.ts");
  await using directory = await makeTestDirectory();
  const file = (name: string) => `${directory.path}/${name}`;
  const kinds = [["rsa:2048"], ["ed25519"], ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"]];
  for (const [i, [kind, ...options]] of kinds.entries()) {
    await mustRun("openssl", [
      ...["req", "-x509", "-newkey", kind!, ...options, "-nodes", "-days", "2", "-subj", "/CN=a"],
      ...["-keyout", file(`${i}.key`), "-out", file(`${i}.crt`)],
    ]);
  }
  const read = (certificate: number, key: number) =>
    readTlsFiles({
      rootCertificates: file("0.crt"),
      client: { certificate: file(`${certificate}.crt`), key: file(`${key}.key`) },
    });
  for (const i of kinds.keys()) {
    read(i, i);
    assert.throws(() => read(i, (i + 1) % kinds.length), { code: "file_error" });
  }
});

/** A listener in a server's place, and everything that it gets. */
class Recorder implements AsyncDisposable {
  readonly got: string[] = [];
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  /** @param answer what it says to the first message; null for nothing */
  constructor(answer: string | null) {
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) connection.close();
    await this.#accepting;
  }

  async #accept(answer: string | null): Promise<void> {
    const reading: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      reading.push(this.#read(connection, answer).catch(() => {}));
    }
    await Promise.all(reading);
  }

  async #read(connection: Deno.Conn, answer: string | null): Promise<void> {
    const bytes = new Uint8Array(4096);
    for (let first = true;; first = false) {
      const count = await connection.read(bytes);
      if (count === null) break;
      this.got.push(bytes.subarray(0, count).toHex());
      if (first && answer !== null) await connection.write(new TextEncoder().encode(answer));
    }
    this.#open.delete(connection);
    connection.close();
  }
}

testWith(TLS_LAB, "nothing is said to a server on PostgreSQL without TLS", async () => {
  await using directory = await makeTestDirectory();
  const passFile = `${directory.path}/pass`;
  await Deno.writeTextFile(passFile, "*:*:*:*:secret\n", { mode: 0o600 });
  const root = `${directory.path}/root.crt`;
  await mustRun("openssl", [
    ...["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=a"],
    ...["-keyout", `${directory.path}/root.key`, "-out", root],
  ]);
  const verified = `sslmode=verify-full&sslrootcert=${root}&passfile=${passFile}`;
  const place = (port: number) => `postgres://u@127.0.0.1:${port}/d?${verified}`;
  const asking = "0000000804d2162f";
  // No; an error; a consent with something that is not of TLS; an old server's words.
  for (const answer of ["N", "E\0\0\0\x08SX\0\0", "SR\0\0\0\x08\0\0\0\0", "R\0\0\0\x08\0\0\0\0"]) {
    await using recorder = new Recorder(answer);
    await refused(place(recorder.port), "database_refused", /it has no TLS: set ssl = on/);
    assert.deepEqual(recorder.got, [asking]);
  }
  await using silent = new Recorder(null);
  assert.match(await attempt(place(silent.port), 300), /^database_unreachable: .*did not answer/);
  assert.deepEqual(silent.got, [asking]);
  // A consent, and then no TLS: what it got is the beginning of a handshake.
  await using liar = new Recorder("S");
  assert.match(await attempt(place(liar.port), 1000), /^database_unreachable: .*did not answer/);
  assert.equal(liar.got[0], asking);
  for (const bytes of liar.got.slice(1)) assert.match(bytes, /^1603/);
  assert(liar.got.length > 1);
  assert.doesNotMatch(liar.got.join(""), new RegExp(new TextEncoder().encode("secret").toHex()));
});

testWith(POSTGRES_LAB, "hosts on PostgreSQL that hang leave others their time", async () => {
  await using postgres = await startPostgres();
  const database = await postgres.makeDatabase();
  await using hanging = new Recorder(null);
  const hosts = [`127.0.0.1:${hanging.port}`, `127.0.0.1:${freePort()}`];
  const last = `127.0.0.1:${postgres.port}`;
  assert.equal(
    await attempt(database.address({ hosts: [...hosts, last] }), 3000),
    "connected",
  );
  const end = await attempt(database.address({ hosts }), 1000);
  assert.match(end, /^database_unreachable: .*did not answer in time.*; .*ECONNREFUSED/);
  const unknown = database.address({ hosts: [`nowhere.invalid:5432`] });
  assert.match(
    await attempt(unknown.replace("?", "?sslmode=disable&")),
    /^database_unreachable: .*nowhere\.invalid/,
  );
});

testWith(TLS_LAB, "the runtime has no word to say about a server's address", async () => {
  await using postgres = await startPostgres({ tls: {} });
  const database = await postgres.makeDatabase();
  const url = database.address({
    hosts: [`127.0.0.1:${postgres.port}`],
    parameters: { sslmode: "verify-full", sslrootcert: postgres.certificates!.rootFile },
  });
  const script = `
    import { openStore } from "${new URL("../../../../src/store/open_store.ts", import.meta.url)}";
    import { postgresPlace } from "${new URL(
    "../../../../src/core/postgres_url.ts",
    import.meta.url,
  )}";
    const database = postgresPlace(Deno.env.get("URL"), ${PATIENCE_MS});
    await using store = await openStore({ database, create: false, busyTimeoutMs: 0 });
    await store.enrolments.list();`;
  const { status, stderr } = await run(Deno.execPath(), ["run", "-A", "--no-check", "-"], {
    stdin: script,
    env: { URL: url, NO_COLOR: "1" },
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
});
