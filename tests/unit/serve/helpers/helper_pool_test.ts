import assert from "node:assert/strict";
import { encodeRequest } from "../../../../src/pam/helper/protocol.ts";
import {
  HelperPool,
  type HelperPoolOptions,
  type PamReply,
} from "../../../../src/serve/helpers/helper_pool.ts";
import type { PamOutcome } from "../../../../src/serve/helpers/pam_outcome.ts";
import { HelpersBusy } from "../../../../src/serve/helpers/turns.ts";
import { parentOf } from "../../../../src/system/trusted_path.ts";
import { Redacted } from "../../../../src/text/redacted.ts";
import { makeTestDirectory } from "../../../lab/program.ts";
import { type ScriptedHelper, ScriptedHelpers } from "../../../lab/scripted_helpers.ts";

/** A pool and those who answer it. */
interface Lab {
  pool: HelperPool;
  helpers: ScriptedHelpers;
  outcomes: PamOutcome[];
  /** Asks about a user, whose password is always the same. */
  ask(username: string): Promise<PamReply>;
}

/** Runs a test with a pool of two helpers. */
async function withPool(
  options: Partial<HelperPoolOptions>,
  test: (lab: Lab) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  using helpers = new ScriptedHelpers(directory.path);
  const outcomes: PamOutcome[] = [];
  const pool = new HelperPool({
    ...{ socket: helpers.socket, limit: 2, timeoutSeconds: 15, maxWaiting: 10 },
    observe: (_seconds, outcome) => outcomes.push(outcome),
    ...options,
  });
  const ask = (username: string) => pool.askPam(requestOf(username));
  try {
    await test({ pool, helpers, outcomes, ask });
  } finally {
    pool.close();
  }
}

function requestOf(username: string) {
  const password = new Redacted(new TextEncoder().encode("pw"));
  return { kind: "authenticate", username, rhost: "192.0.2.1", password } as const;
}

function passed(username: string) {
  return { result: { outcome: "passed", username }, isLast: false, uid: null };
}

const LOST = "see what it says in the journal \\(journalctl -u 'openvpn-totp-pam@\\*'\\)$";
const UNANSWERED = new RegExp(`^Failure: the PAM helper ended before it answered: ${LOST}`);
const UNREAD = new RegExp(`^Failure: the PAM helper ended before it had read the request: ${LOST}`);

Deno.test("HelperPool opens a connection when it is needed, and uses it again", () =>
  withPool({}, async ({ pool, helpers, outcomes, ask }) => {
    assert.deepEqual(pool.state(), { open: 0, busy: 0, limit: 2, waiting: 0 });
    let helper: ScriptedHelper | undefined;
    for (let i = 0; i < 3; i++) {
      const answer = ask("alice");
      helper ??= await helpers.next();
      assert(await helper.isAsked(requestOf("alice")));
      assert.deepEqual(pool.state(), { open: 1, busy: 1, limit: 2, waiting: 0 });
      await helper.reply("alice");
      assert.deepEqual(await answer, passed("alice"));
      assert.deepEqual(pool.state(), { open: 1, busy: 0, limit: 2, waiting: 0 });
    }
    assert.equal(helpers.count, 1);
    assert.deepEqual(outcomes, ["passed", "passed", "passed"]);
  }));

Deno.test("HelperPool has as many connections as it may, and a line of those who wait", () =>
  withPool({ maxWaiting: 3 }, async ({ pool, helpers, ask }) => {
    const names = ["a", "b", "c", "d", "e"];
    const answers = names.map(ask);
    const [one, other] = [await helpers.next(), await helpers.next()];
    assert(await one.isAsked(requestOf("a")));
    assert(await other.isAsked(requestOf("b")));
    assert.deepEqual(pool.state(), { open: 2, busy: 2, limit: 2, waiting: 3 });
    await assert.rejects(ask("f"), (error) => {
      assert(error instanceof HelpersBusy);
      assert.equal(error.message, "all 2 PAM helpers are busy, and 3 logins wait for them");
      return true;
    });
    // One helper is slow; the other one takes those who wait, in their order.
    for (const name of ["b", "c", "d"]) {
      await other.reply(name);
      const next = String.fromCharCode(name.charCodeAt(0) + 1);
      assert(await other.isAsked(requestOf(next)));
    }
    await one.reply("a");
    await other.reply("e");
    assert.deepEqual(await Promise.all(answers), names.map(passed));
    assert.deepEqual(pool.state(), { open: 2, busy: 0, limit: 2, waiting: 0 });
    assert.equal(helpers.count, 2);
  }));

Deno.test("HelperPool has nobody wait twice: an account's name is asked for first", () =>
  withPool({ limit: 1, maxWaiting: 1 }, async ({ pool, helpers, outcomes, ask }) => {
    const answers = [ask("a"), ask("b"), pool.accountName("A")] as const;
    const helper = await helpers.next();
    assert(await helper.isAsked(requestOf("a")));
    await helper.reply("a");
    assert(await helper.isAsked({ kind: "account_name", username: "A" }));
    await helper.reply({ accountName: "a" });
    assert(await helper.isAsked(requestOf("b")));
    await helper.reply("b");
    assert.deepEqual(await Promise.all(answers), [passed("a"), passed("b"), "a"]);
    assert.deepEqual(outcomes, ["passed", "passed"], "PAM was asked twice");
  }));

Deno.test("HelperPool lets nobody wait beyond OpenVPN's patience", () =>
  // PAM alone may take that long, so that only the shortest wait is left.
  withPool({ limit: 1, timeoutSeconds: 60 }, async ({ pool, helpers, ask }) => {
    const slow = ask("a");
    const helper = await helpers.next();
    await assert.rejects(ask("b"), /^Failure: none of 1 PAM helpers was free for 1 seconds$/);
    assert.equal(pool.state().waiting, 0);
    assert(await helper.isAsked(requestOf("a")));
    await helper.reply("a");
    assert.deepEqual(await slow, passed("a"));
  }));

Deno.test("HelperPool drops a helper that gives no answer, and opens a new one", () =>
  withPool({ limit: 1, timeoutSeconds: 0 }, async ({ helpers, outcomes, ask }) => {
    const [late, next] = [ask("a"), ask("b")];
    const hanging = await helpers.next();
    assert(await hanging.isAsked(requestOf("a")));
    await assert.rejects(late, /^Failure: the PAM helper gave no answer within 2 seconds: see/);
    assert.equal(await hanging.request(), null, "its connection is closed");
    const helper = await helpers.next();
    assert(await helper.isAsked(requestOf("b")));
    await helper.reply("b");
    assert.deepEqual(await next, passed("b"));
    assert.deepEqual(outcomes, ["lost", "passed"]);
  }));

Deno.test("HelperPool notices that a helper ends while it waits, and takes another one", () =>
  withPool({ limit: 1 }, async ({ pool, helpers, ask }) => {
    for (let i = 0; i < 3; i++) {
      const answer = ask("a");
      const helper = await helpers.next();
      await helper.request();
      await helper.reply("a");
      assert.deepEqual(await answer, passed("a"));
      helper.close();
      while (pool.state().open > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }));

Deno.test("HelperPool asks another helper where the one that waited has not read the request", () =>
  withPool({ limit: 1 }, async ({ helpers, outcomes, ask }) => {
    const first = ask("a");
    let helper = await helpers.next();
    await helper.request();
    await helper.reply("a");
    await first;
    // The helper goes before the request is on its way, or once it is there.
    for (const isThere of [false, true]) {
      const answer = ask("b");
      if (isThere) await new Promise((resolve) => setTimeout(resolve, 10));
      helper.close();
      helper = await helpers.next();
      assert(await helper.isAsked(requestOf("b")));
      await helper.reply("b");
      assert.deepEqual(await answer, passed("b"));
    }
    assert.deepEqual(outcomes, ["passed", "passed", "passed"]);
  }));

Deno.test("HelperPool connects to no socket that others could have put there", () =>
  withPool({}, async ({ pool, helpers, outcomes, ask }) => {
    Deno.chmodSync(parentOf(helpers.socket), 0o777);
    await assert.rejects(ask("a"), { code: "untrusted_path" });
    await assert.rejects(pool.accountName("a"), { code: "untrusted_path" });
    assert.deepEqual(pool.state(), { open: 0, busy: 0, limit: 2, waiting: 0 });
    assert.deepEqual(outcomes, ["lost"]);
  }));

Deno.test("HelperPool sends no request twice that may have been begun", () =>
  withPool({ limit: 1 }, async ({ pool, helpers, outcomes, ask }) => {
    const first = ask("a");
    const helper = await helpers.next();
    await helper.request();
    await helper.reply("a");
    await first;
    const second = ask("b");
    assert(await helper.isAsked(requestOf("b")));
    helper.close();
    await assert.rejects(second, UNANSWERED);
    assert.equal(helpers.count, 1);
    assert.equal(pool.state().open, 0);
    assert.deepEqual(outcomes, ["passed", "lost"]);
  }));

Deno.test("HelperPool gives up where a new helper ends at once", () =>
  withPool({ limit: 1 }, async ({ helpers, outcomes, ask }) => {
    const answer = ask("a");
    (await helpers.next()).close();
    await assert.rejects(answer, UNREAD);
    assert.equal(helpers.count, 1);
    assert.deepEqual(outcomes, ["lost"]);
  }));

Deno.test("HelperPool lets a helper go that ends after its reply", () =>
  withPool({ limit: 1 }, async ({ helpers, ask }) => {
    for (let i = 0; i < 2; i++) {
      const answer = ask("a");
      const helper = await helpers.next();
      await helper.request();
      await helper.reply({ result: { outcome: "no_answer", seconds: 15 }, isLast: true, uid: 7 });
      assert.deepEqual(await answer, {
        result: { outcome: "no_answer", seconds: 15 },
        isLast: true,
        uid: 7,
      });
      assert.equal(await helper.request(), null);
    }
  }));

Deno.test("HelperPool takes nothing that is no answer, and drops who says it", async () => {
  const passes = new TextEncoder().encode('{"result":{"outcome":"passed","username":"a"}}');
  const frame = new Uint8Array([0, 0, 0, passes.length, ...passes]);
  const CASES: [bytes: Uint8Array, why: string][] = [
    [new Uint8Array([0, 0, 0, 0]), "sent something that is no answer"],
    [new Uint8Array([0xff, 0xff, 0xff, 0xff]), "sent something that is no answer"],
    [new Uint8Array([0, 0, 0, 2, 0x7b, 0x7d]), "sent something that is no answer"],
    [new Uint8Array([...frame, 0]), "sent something that is no answer"],
    [new Uint8Array([...frame, ...frame]), "sent something that is no answer"],
    [encode({ accountName: "a" }), "answered something else"],
  ];
  await withPool({ limit: 1 }, async ({ pool, helpers, ask }) => {
    for (const [bytes, why] of CASES) {
      const answer = ask("a");
      const helper = await helpers.next();
      await helper.request();
      await helper.send(bytes);
      await assert.rejects(answer, new RegExp(`^Failure: the PAM helper ${why}: ${LOST}`));
      assert.equal(await helper.request(), null);
      assert.equal(pool.state().open, 0);
    }
  });
});

function encode(answer: object): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(answer));
  return new Uint8Array([0, 0, 0, body.length, ...body]);
}

Deno.test("HelperPool drops a helper that speaks without being asked", () =>
  withPool({ limit: 1 }, async ({ helpers, ask }) => {
    const first = ask("a");
    const helper = await helpers.next();
    await helper.request();
    await helper.reply("a");
    await first;
    // An answer to a question that comes later.
    await helper.reply("mallory");
    assert.equal(await helper.request(), null);
    const second = ask("b");
    const other = await helpers.next();
    assert(await other.isAsked(requestOf("b")));
    await other.reply("b");
    assert.deepEqual(await second, passed("b"));
  }));

Deno.test("HelperPool, once closed, has nobody wait and opens nothing", () =>
  withPool({ limit: 1 }, async ({ pool, helpers, ask }) => {
    const [asked, waiting] = [ask("a"), ask("b")];
    const helper = await helpers.next();
    await helper.request();
    const refusals = [
      assert.rejects(asked, /^Failure: the PAM helper was not needed any more/),
      assert.rejects(waiting, /^Failure: the service is stopping$/),
    ];
    pool.close();
    await Promise.all(refusals);
    assert.equal(await helper.request(), null);
    await assert.rejects(ask("c"), /^Failure: the service is stopping$/);
    assert.deepEqual(pool.state(), { open: 0, busy: 0, limit: 1, waiting: 0 });
  }));

Deno.test("HelperPool overwrites each request once it is answered or lost", () =>
  withPool({ limit: 1 }, async ({ helpers, ask }) => {
    const written: Uint8Array[] = [];
    const connect = Deno.connect;
    try {
      Deno.connect = (async (options: Deno.UnixConnectOptions) => {
        const connection = await connect(options);
        const write = connection.write.bind(connection);
        connection.write = (bytes) => {
          written.push(bytes);
          return write(bytes);
        };
        return connection;
      }) as typeof Deno.connect;
      const answer = ask("a");
      const helper = await helpers.next();
      assert(await helper.isAsked(requestOf("a")));
      assert.equal(written[0]!.toHex(), encodeRequest(requestOf("a")).toHex());
      await helper.reply("a");
      await answer;
      const lost = ask("b");
      await helper.request();
      helper.close();
      await assert.rejects(lost, UNANSWERED);
    } finally {
      Deno.connect = connect;
    }
    assert.equal(written.length, 2);
    for (const bytes of written) assert(bytes.every((byte) => byte === 0));
  }));

Deno.test("HelperPool refuses what no helper can be told, and goes on", () =>
  withPool({ limit: 1 }, async ({ pool, ask }) => {
    await assert.rejects(ask("x".repeat(70_000)), /^Failure: a request to a PAM helper has/);
    assert.deepEqual(pool.state(), { open: 0, busy: 0, limit: 1, waiting: 0 });
  }));
