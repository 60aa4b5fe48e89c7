import assert from "node:assert/strict";
import {
  encodeRequest,
  type HelperRequest,
  LENGTH_BYTES,
} from "../../../../src/pam/helper/protocol.ts";
import { type HelperReply, ReplyReader } from "../../../../src/pam/helper/reply.ts";
import type { PamResult } from "../../../../src/pam/pam_result.ts";
import {
  answerRequests,
  type HelperParts,
  MAX_AGE_MS,
  MAX_REQUESTS,
} from "../../../../src/serve/helpers/answer_requests.ts";
import { Redacted } from "../../../../src/text/redacted.ts";

/** What a test's helper is given, and what it does. */
class Play {
  readonly replies: HelperReply[] = [];
  readonly asked: string[] = [];
  readonly alarms: number[] = [];
  /** The memory that it reads into. */
  readonly memory = new Set<ArrayBuffer>();
  /** What is in that memory when PAM answers. */
  seen = "";
  isHeard = true;
  now = 0;
  #input: number[] = [];

  readonly parts: HelperParts = {
    uid: 0,
    alarmSeconds: 20,
    now: () => this.now,
    setAlarm: (seconds) => this.alarms.push(seconds),
    accounts: {
      find: (username) => username === "ALICE" ? { name: "alice", uid: 1000, gid: 1000 } : null,
    },
    pam: {
      authenticate: (username, password, rhost) => {
        const text = new TextDecoder().decode(password.reveal());
        this.asked.push(`authenticate ${username} ${text} ${rhost}`);
        return Promise.resolve(resultOf(username));
      },
      checkAccount: (username, rhost) => {
        this.asked.push(`check ${username} ${rhost}`);
        return Promise.resolve(resultOf(username));
      },
    },
    streams: {
      read: (buffer) => {
        this.memory.add(buffer.buffer);
        const count = Math.min(buffer.length, this.#input.length);
        buffer.set(this.#input.splice(0, count));
        return count;
      },
      write: (bytes) => {
        if (this.isHeard) this.replies.push(new ReplyReader().push(bytes)!);
        return this.isHeard;
      },
    },
  };

  send(...requests: HelperRequest[]): this {
    for (const request of requests) this.#input.push(...encodeRequest(request));
    return this;
  }

  sendBytes(...bytes: number[]): this {
    this.#input.push(...bytes);
    return this;
  }

  run(): Promise<void> {
    return answerRequests(this.parts);
  }
}

function resultOf(username: string): PamResult {
  return username === "hangs"
    ? { outcome: "no_answer", seconds: 15 }
    : { outcome: "passed", username };
}

function authenticate(username: string, password = "pw", rhost: string | null = null) {
  const bytes = new Redacted(new TextEncoder().encode(password));
  return { kind: "authenticate", username, rhost, password: bytes } as const;
}

const rest = { isLast: false, uid: null };

Deno.test("answerRequests answers one request after the other, until the input ends", async () => {
  const play = new Play().send(
    authenticate("alice", "pw", "192.0.2.1"),
    { kind: "check_account", username: "bob", rhost: null },
    { kind: "account_name", username: "ALICE" },
    { kind: "account_name", username: "bob" },
  );
  await play.run();
  assert.deepEqual(play.asked, ["authenticate alice pw 192.0.2.1", "check bob null"]);
  assert.deepEqual(play.replies, [
    { result: { outcome: "passed", username: "alice" }, ...rest },
    { result: { outcome: "passed", username: "bob" }, ...rest },
    { accountName: "alice", ...rest },
    { accountName: null, ...rest },
  ]);
  assert.deepEqual(play.alarms, [20, 0, 20, 0, 20, 0, 20, 0]);
});

Deno.test("answerRequests gives PAM nothing that C would cut short, and no name of nobody", async () => {
  const play = new Play().send(
    authenticate("al\0ice"),
    authenticate(""),
    authenticate("alice\n"),
    authenticate("x".repeat(257)),
    authenticate("alice", "p\0w"),
    authenticate("alice", "pw", "192.0.2.1\0"),
    { kind: "check_account", username: "al\0ice", rhost: null },
    { kind: "account_name", username: "ALICE\0" },
  );
  await play.run();
  assert.deepEqual(play.asked, []);
  const outcomes = play.replies.map((reply) =>
    "result" in reply ? reply.result.outcome : reply.accountName
  );
  assert.deepEqual(outcomes, [...Array(7).fill("denied"), null]);
});

Deno.test("answerRequests ends after a module that hangs, and says so", async () => {
  const play = new Play().send(authenticate("hangs"), authenticate("alice"));
  await play.run();
  assert.deepEqual(play.replies, [
    { result: { outcome: "no_answer", seconds: 15 }, isLast: true, uid: null },
  ]);
  assert.deepEqual(play.alarms, [20], "the alarm stays");
});

Deno.test("answerRequests ends after many requests, and says so", async () => {
  const one = { kind: "account_name", username: "bob" } as const;
  const play = new Play().send(...Array(MAX_REQUESTS + 1).fill(one));
  await play.run();
  assert.deepEqual(play.replies.map(({ isLast }) => isLast), [
    ...Array(MAX_REQUESTS - 1).fill(false),
    true,
  ]);
});

Deno.test("answerRequests ends when it is old, with the reply to one more request", async () => {
  const play = new Play().send(authenticate("alice"), authenticate("bob"), authenticate("carol"));
  play.parts.pam.authenticate = (username) => {
    if (username === "bob") play.now = MAX_AGE_MS + 1;
    return Promise.resolve({ outcome: "passed", username });
  };
  await play.run();
  assert.deepEqual(play.replies.map(({ isLast }) => isLast), [false, true]);
});

Deno.test("answerRequests ends when nobody reads its replies", async () => {
  const play = new Play().send(authenticate("alice"), authenticate("bob"));
  play.isHeard = false;
  await play.run();
  assert.equal(play.asked.length, 1);
});

Deno.test("answerRequests says whom it runs as, if not root", async () => {
  const play = new Play().send(authenticate("alice"));
  await answerRequests({ ...play.parts, uid: 65534 });
  assert.equal(play.replies[0]!.uid, 65534);
});

Deno.test("answerRequests gives up at what is no request, and has no answer for it", async () => {
  for (
    const bytes of [[0, 0, 0, 0], [0, 0, 0, 1, 9], [0, 0, 0, 5, 1, 0, 1], [0xff, 0xff, 0xff, 0xff]]
  ) {
    const play = new Play().send(authenticate("alice")).sendBytes(...bytes);
    await assert.rejects(play.run(), /^Failure: /);
    assert.equal(play.replies.length, 1);
  }
});

Deno.test("answerRequests keeps no password, whatever came of it", async () => {
  const faults = new Play().send(authenticate("alice", "secret"));
  faults.parts.pam.authenticate = () => Promise.reject(new Error("no memory left"));
  await assert.rejects(faults.run(), /no memory left/);
  const passes = new Play().send(authenticate("alice", "secret"));
  await passes.run();
  const malformed = new Play().send(authenticate("alice", "secret"));
  malformed.parts.streams.read = withKind(9, malformed.parts.streams.read);
  await assert.rejects(malformed.run(), /^Failure: a request is not understood$/);
  for (const { memory } of [faults, passes, malformed]) {
    assert.equal(memory.size, 1);
    for (const buffer of memory) assert(new Uint8Array(buffer).every((byte) => byte === 0));
  }
});

/** Puts another kind into the request that is read. */
function withKind(kind: number, read: HelperParts["streams"]["read"]): typeof read {
  return (buffer) => {
    const count = read(buffer);
    if (buffer.byteOffset === LENGTH_BYTES) buffer[0] = kind;
    return count;
  };
}
