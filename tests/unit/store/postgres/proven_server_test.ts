import assert from "node:assert/strict";
import { Failure } from "../../../../src/core/failure.ts";
import { postgresPlace } from "../../../../src/core/postgres_url.ts";
import { openLogins } from "../../../../src/store/open_store.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const PASSWORD = "hunter2-of-the-database";

/** A message about logging in: its kind, and what else it has. */
function authentication(kind: number, rest: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array([0x52, 0, 0, 0, 8 + rest.length, 0, 0, 0, kind, ...rest]);
  return message;
}

/** "I", idle: the server is ready for statements. */
const READY = [0x5a, 0, 0, 0, 5, 0x49];

/** Answers whoever connects with these bytes, and gives all that they have sent. */
async function heardBy(
  answer: Uint8Array<ArrayBuffer>,
  hasPassword = true,
): Promise<{ error: string; heard: string }> {
  await using directory = await makeTestDirectory();
  const passFile = `${directory.path}/pass`;
  await Deno.writeTextFile(passFile, `*:*:*:*:${PASSWORD}\n`, { mode: 0o600 });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heard = (async () => {
    using connection = await listener.accept();
    const decoder = new TextDecoder();
    let text = "";
    const buffer = new Uint8Array(4096);
    for (let isFirst = true;; isFirst = false) {
      const count = await connection.read(buffer).catch(() => null);
      if (count === null) return text;
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
      if (isFirst) await connection.write(answer);
    }
  })();
  const { port } = listener.addr;
  const url = `postgres://u@127.0.0.1:${port}/d${hasPassword ? `?passfile=${passFile}` : ""}`;
  const database = postgresPlace(url, 5000)!;
  using logins = await openLogins({ database, create: false, busyTimeoutMs: 0 });
  const error = await logins.logins.findPending("x").catch((error) => error);
  assert(error instanceof Failure, String(error));
  assert.equal(error.code, "database_refused", error.message);
  logins[Symbol.dispose]();
  return { error: error.message, heard: await heard };
}

const text = (text: string) => [...new TextEncoder().encode(text)];

const IMPOSTORS: [name: string, answer: Uint8Array<ArrayBuffer>, expected: RegExp][] = [
  [
    "lets everybody in",
    new Uint8Array([...authentication(0), ...READY]),
    /without having proven that it knows the password/,
  ],
  ["is ready without having let anybody in", new Uint8Array(READY), /does not speak as/],
  ["asks for the password", authentication(3), /asks for the password itself/],
  ["asks for a hash of it", authentication(5, [1, 2, 3, 4]), /asks for the password itself/],
  ["sends a message that is too short", new Uint8Array([0x52, 0, 0, 0, 4]), /in no known way/],
  [
    "names no number of iterations",
    authentication(11, text("r=abc,s=AAAA,i=none")),
    /how the password is to be hashed/,
  ],
  [
    "has the password hashed for minutes",
    authentication(11, text("r=abc,s=AAAA,i=2000000000")),
    /how the password is to be hashed/,
  ],
  [
    "proves something else",
    new Uint8Array([
      ...authentication(12, text("v=AAAA")),
      ...authentication(0),
      ...READY,
    ]),
    /did not prove that it knows the password/,
  ],
  ...["nonsense", "r=a,s=AAAA,i=2000000000", "r=a,s=AAAA,i=0", "r=a,s=,i=4096"].map(
    (challenge): [string, Uint8Array<ArrayBuffer>, RegExp] => [
      `has the challenge ${challenge}`,
      authentication(11, [...new TextEncoder().encode(challenge)]),
      /how the password is to be hashed/,
    ],
  ),
];

for (const [name, answer, expected] of IMPOSTORS) {
  Deno.test(`without TLS, no password goes to a server that ${name}, and no login rests on it`, async () => {
    const { error, heard } = await heardBy(answer);
    assert.match(error, expected);
    assert.doesNotMatch(heard, /hunter2|SELECT|SET /);
  });
}

Deno.test("without TLS and a password, no login rests on a server that lets everybody in", async () => {
  const trusting = new Uint8Array([...authentication(0), ...READY]);
  const { error, heard } = await heardBy(trusting, false);
  assert.match(error, /without having proven/);
  assert.doesNotMatch(heard, /SELECT|SET /);
});
