import assert from "node:assert/strict";
import { dueTimersRun } from "../../../lab/due_timers.ts";
import { Failure } from "../../../../src/core/failure.ts";
import { postgresPlace } from "../../../../src/core/postgres_url.ts";
import { openLogins } from "../../../../src/store/open_store.ts";
import { PATIENCE_MS } from "../../../lab/patience.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

/** A message, with its length. */
function message(type: string, ...content: (string | number[])[]): Uint8Array<ArrayBuffer> {
  const bytes = content.flatMap((one) =>
    typeof one === "string" ? [...new TextEncoder().encode(one)] : one
  );
  const whole = new Uint8Array(5 + bytes.length);
  whole[0] = type.charCodeAt(0);
  new DataView(whole.buffer).setUint32(1, 4 + bytes.length);
  whole.set(bytes, 5);
  return whole;
}

const SASL = message("R", [0, 0, 0, 10], "SCRAM-SHA-256\0\0");
const SASL_CONTINUE = [0, 0, 0, 11];

/** What a server answers to each thing that it hears, and what a login is refused for then. */
const STRANGE: [name: string, answers: (Uint8Array<ArrayBuffer> | null)[], expected: RegExp][] = [
  [
    "begins to copy",
    [message("H", [0, 0, 0]), message("d", "x")],
    /does not speak as a PostgreSQL/,
  ],
  ["says what nobody knows", [message("?", "x")], /does not speak as a PostgreSQL/],
  [
    "asks for SCRAM as nobody does",
    [SASL, message("R", SASL_CONTINUE, "x=y")],
    /how the password is to be hashed/,
  ],
  [
    "would have the password hashed for hours",
    [SASL, message("R", SASL_CONTINUE, "r=abc,s=AAAA,i=2000000000")],
    /how the password is to be hashed/,
  ],
  [
    "asks for SCRAM again and again",
    [SASL, SASL],
    /in no known way/,
  ],
  ["has gone by the time that somebody speaks", [null], /the connection was lost|ECONNRESET/],
  [
    "has an error of its own, without what PostgreSQL 9.6 and later say",
    [message("E", "SFATAL\0C53300\0Mtoo many\u001b[2J\0\0")],
    /has no free connections.*too many\\u/,
  ],
];

for (const [name, answers, expected] of STRANGE) {
  Deno.test(`a server that ${name} ends no more than its connection`, async () => {
    const message = await heardFrom(answers, "disable");
    assert.match(message, expected);
  });
}

Deno.test("a server without TLS is refused at once where TLS is wanted", async () => {
  const message = await heardFrom([new TextEncoder().encode("N")], "verify-full");
  assert.match(message, /it has no TLS: set ssl = on/);
});

/** What a login says of a server; errors that nobody handles fail the test. */
async function heardFrom(
  answers: (Uint8Array<ArrayBuffer> | null)[],
  sslmode: string,
): Promise<string> {
  await using directory = await makeTestDirectory();
  const passFile = `${directory.path}/pass`;
  await Deno.writeTextFile(passFile, "*:*:*:*:any\n", { mode: 0o600 });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = serve(listener, answers);
  const { port } = listener.addr;
  const url = `postgres://u@127.0.0.1:${port}/d?passfile=${passFile}&sslmode=${sslmode}`;
  const database = postgresPlace(url, PATIENCE_MS)!;
  using logins = await openLogins({ database, create: false, busyTimeoutMs: 0 });
  const error = await logins.logins.findPending("x").catch((error) => error);
  assert(error instanceof Failure, String(error));
  logins[Symbol.dispose]();
  await served;
  await dueTimersRun();
  return error.message;
}

async function serve(
  listener: Deno.TcpListener,
  answers: readonly (Uint8Array<ArrayBuffer> | null)[],
): Promise<void> {
  using connection = await listener.accept();
  const buffer = new Uint8Array(4096);
  for (const answer of answers) {
    if (answer === null) return;
    if (await connection.read(buffer).catch(() => null) === null) return;
    await connection.write(answer).catch(() => {});
  }
  while (await connection.read(buffer).catch(() => null) !== null);
}
