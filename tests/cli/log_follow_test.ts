import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { DecisionRecord } from "../../src/core/decision.ts";
import { openStore } from "../../src/store/open_store.ts";
import { decisionOf, RULE } from "../contract/stores.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { Lines } from "../lab/lines.ts";
import { admin, base64, codeOf, enroll, makeTestDirectory, on, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";

/** A running `log --follow`. */
interface Following extends AsyncDisposable {
  process: Deno.ChildProcess;
  out: Lines;
  err: Lines;
  /** Ends it with a signal; gives its exit status. */
  end(signal: Deno.Signal): Promise<number>;
}

function follow(db: string, ...options: string[]): Following {
  const process = new Deno.Command(PROGRAM, {
    args: [...on(db), "log", "--follow", ...options],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [out, err] = [new Lines("standard output"), new Lines("standard error")];
  const read = Promise.all([out.readFrom(process.stdout), err.readFrom(process.stderr)]);
  let status: Promise<number> | undefined;
  const end = (signal: Deno.Signal) => {
    if (status === undefined) process.kill(signal);
    return status ??= process.status.then(({ code }) => code);
  };
  return {
    process,
    out,
    err,
    end,
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      await read;
    },
  };
}

/** Records decisions in a database as a login does, each in a transaction of its own. */
async function record(db: string, ...decisions: DecisionRecord[]): Promise<void> {
  using store = await openStore({
    database: { engine: "sqlite", path: db },
    create: false,
    busyTimeoutMs: 5000,
  });
  for (const decision of decisions) {
    await store.logins.transaction((records) => records.recordDecision(decision, RULE));
  }
}

const refusal = (at: number, detail: string) =>
  decisionOf(at, { outcome: "refused", by: null, reason: "wrong_code", detail });

const minute = (minutes: number) => Date.now() - minutes * 60_000;

testWith(
  [],
  "log --follow prints what matches, then each new decision, until a signal",
  async () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      await using directory = await makeTestDirectory();
      const { db } = directory;
      await enroll(db, "root");
      await record(db, decisionOf(minute(90), { loginName: "old" }), refusal(minute(3), "first"));
      await using following = follow(db, "--since", "1h");
      const { out, err } = following;
      await out.waitFor(/ refused +wrong_code .* "?first"?$/);
      await record(db, decisionOf(minute(2), { loginName: "it's me" }));
      await out.waitFor(/ accepted .* "it's me" /);
      // Counted in the row of before, and told with its own moment.
      const at = Date.now() - 1000;
      await record(db, refusal(at, "second"), decisionOf(minute(0), { loginName: "last" }));
      const [, time, since] = await out.waitFor(/^(\S+) .* second \(2 times since (\S+)\)$/);
      assert.equal(Date.parse(time!), Math.floor(at / 1000) * 1000);
      assert(Date.parse(since!) < at);
      await out.waitFor(/ last /);
      assert.equal(await following.end(signal), 0);
      assert.deepEqual(err.seen, []);
      assert.equal(out.seen.length, 5, out.seen.join("\n"));
      assert(!out.seen.some((line) => line.includes(" old ")));
    }
  },
);

testWith([], "log --follow keeps its columns in place", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  await record(
    db,
    decisionOf(minute(5), { loginName: "a", address: "192.0.2.1" }),
    refusal(minute(4), "x"),
    decisionOf(minute(3), { step: "password", outcome: "challenged", by: "crtext" }),
    decisionOf(minute(2), { loginName: "x".repeat(100) }),
    decisionOf(minute(1), { loginName: "b" }),
  );
  await using following = follow(db);
  await following.out.waitFor(/ b /);
  const [heads, ...lines] = following.out.seen;
  for (const head of ["STEP", "OUTCOME", "REASON", "USER"]) {
    const column = heads!.indexOf(head);
    for (const line of lines) assert.match(line.slice(column - 1), /^ \S/, `${head}: ${line}`);
  }
  const address = heads!.indexOf("ADDRESS");
  assert.match(lines[0]!.slice(address), /^192\.0\.2\.1 /);
  assert.match(lines[4]!.slice(address), /^2001:db8::7 /);
});

testWith([], "log --follow --json prints an object on each line", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  await record(db, refusal(minute(1), "a\u202eb"));
  await using following = follow(db, "--json", "--outcome", "refused");
  const [first] = await following.out.waitFor(/.*/);
  assertDocumented("log", JSON.parse(first));
  assert(!first.includes("\u202e"));
  await record(db, decisionOf(minute(0)), refusal(minute(0), "again"));
  const [second] = await following.out.waitFor(/^.*"again".*$/);
  const { count, time } = JSON.parse(second);
  assert.deepEqual([count, time], [2, JSON.parse(first).time]);
  assert.equal(following.out.seen.length, 2);
});

testWith(ROOT_AND_ACCOUNT, "log --follow shows what calls of OpenVPN decide", async () => {
  await withUser(async ({ username, password, secret, db, ...user }) => {
    await using following = follow(db, "--user", username);
    await following.out.waitFor(/^TIME +STEP/);
    const attempt = await user.attempt();
    await attempt.password(username, password);
    await following.out.waitFor(new RegExp(` password +challenged +crtext +${username} `));
    await attempt.answer(base64(codeOf(secret)));
    await following.out.waitFor(new RegExp(` code +accepted +code +${username} `));
  });
});

testWith([], "log --follow ends quietly when its reader has gone", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  const process = new Deno.Command(PROGRAM, {
    args: [...on(db), "log", "--follow"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  await reader.cancel();
  await record(db, decisionOf(minute(0)));
  const stderr = await new Response(process.stderr).text();
  assert.deepEqual([(await process.status).code, stderr], [0, ""]);
});

testWith([], "log --follow ends at a signal while its reader takes nothing", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  const process = new Deno.Command(PROGRAM, {
    args: [...on(db), "log", "--follow"],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  {
    using store = await openStore({
      database: { engine: "sqlite", path: db },
      create: false,
      busyTimeoutMs: 5000,
    });
    // Far more than a pipe holds (pipe(7): 64 KiB).
    const long = "x".repeat(400);
    await store.logins.transaction(async (records) => {
      for (let i = 0; i < 900; i++) {
        await records.recordDecision(decisionOf(minute(1), { detail: long }), RULE);
      }
    });
  }
  const reader = process.stdout.getReader();
  // The heading, and what of the rest comes with it: by then, it is writing.
  for (let length = 0; length < 200;) length += (await reader.read()).value!.length;
  process.kill("SIGTERM");
  assert.equal((await process.status).code, 0);
  await reader.cancel();
});

testWith([], "log --follow waits for a locked database", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  using lock = new DatabaseSync(db);
  lock.exec("BEGIN EXCLUSIVE");
  await using following = follow(db);
  const fds = `/proc/${following.process.pid}/fd`;
  const isOpen = () =>
    [...Deno.readDirSync(fds)].some(({ name }) => {
      try {
        return Deno.readLinkSync(`${fds}/${name}`) === db;
      } catch {
        return false;
      }
    });
  while (!isOpen()) await new Promise((resolve) => setTimeout(resolve, 5));
  lock.exec("COMMIT");
  await record(db, decisionOf(minute(0)));
  await following.out.waitFor(/ accepted /);
  assert.deepEqual(following.err.seen, []);
});

testWith(
  [],
  "log --follow goes on with a database that was put in the place of another",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await enroll(db, "root");
    const copy = `${path}/copy`;
    assert.equal((await admin(db, ["backup", copy])).status, 0);
    await using following = follow(db);
    await record(db, decisionOf(minute(0), { loginName: "before" }));
    await following.out.waitFor(/ before /);
    // In the new one's trail, the same ids mean other decisions, and old ones are not told again.
    await record(copy, decisionOf(minute(9), { loginName: "earlier" }));
    await Deno.rename(copy, db);
    await record(db, decisionOf(Date.now() + 1000, { loginName: "after" }));
    await following.out.waitFor(/ after /);
    assert.equal(following.out.seen.length, 3, following.out.seen.join("\n"));
    await following.err.waitFor(/warning: the database was replaced: following the new one$/);
  },
);

testWith([], "log --follow needs a database to begin with", async () => {
  await using directory = await makeTestDirectory();
  const { status, stdout, stderr } = await admin(directory.db, ["log", "--follow"]);
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^openvpn-totp: there is no database at /);
});
