import assert from "node:assert/strict";
import { Failure } from "../../../src/core/failure.ts";
import {
  actingUid,
  asCaller,
  isActingForAnother,
  RightsKept,
  whileActingAs,
  whileActingAsCaller,
} from "../../../src/system/acting_user.ts";
import { testAlone } from "../../lab/alone.ts";

function testAsRoot(name: string, fn: () => Promise<void>): void {
  testAlone(import.meta.url, ["root"], name, fn);
}

const DAEMON = { uid: 1, gid: 1 };

/** The different ids that the threads of this process have. */
function idsOfThreads(): string[] {
  const ids = new Set<string>();
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    const status = statusOf(name);
    if (status === null) continue;
    const line = (name: string) => status.match(new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m"))![1]!;
    ids.add(["Uid", "Gid", "Groups"].map(line).join(", ").replaceAll("\t", " "));
  }
  return [...ids];
}

/** Null for a thread that has ended meanwhile. */
function statusOf(thread: string): string | null {
  try {
    return Deno.readTextFileSync(`/proc/self/task/${thread}/status`);
  } catch {
    return null;
  }
}

testAsRoot("all threads act as the user, and as the caller again", async () => {
  const before = idsOfThreads();
  const asDaemon = ["0 1 0 1, 0 1 0 1, 1"];
  const secret = await Deno.makeTempFile();
  try {
    await whileActingAs(DAEMON.uid, async () => {
      assert.deepEqual(idsOfThreads(), asDaemon);
      assert.equal(actingUid(), DAEMON.uid);
      assert(isActingForAnother());
      // Reads in threads of the pool, which may be made for it.
      const reads = Array.from({ length: 40 }, () => Deno.readTextFile(secret));
      for (const { status } of await Promise.allSettled(reads)) assert.equal(status, "rejected");
      assert.throws(() => Deno.readTextFileSync(secret), Deno.errors.PermissionDenied);
      assert.deepEqual(idsOfThreads(), asDaemon);
      assert.equal(asCaller(() => Deno.readTextFileSync(secret)), "");
      assert.deepEqual(asCaller(idsOfThreads), before);
      assert.throws(() => Deno.readTextFileSync(secret), Deno.errors.PermissionDenied);
    });
    assert.deepEqual(idsOfThreads(), before);
    assert.equal(Deno.readTextFileSync(secret), "");
  } finally {
    await Deno.remove(secret);
  }
});

testAsRoot("the caller's rights come back after an error", async () => {
  const before = idsOfThreads();
  await assert.rejects(
    whileActingAs(DAEMON.uid, () => Promise.reject(new Error("x"))),
    /^Error: x/,
  );
  assert.deepEqual(idsOfThreads(), before);
  await whileActingAs(DAEMON.uid, () => {
    assert.throws(
      () =>
        asCaller(() => {
          throw new Error("x");
        }),
      /^Error: x/,
    );
    assert.equal(actingUid(), DAEMON.uid);
    assert.throws(() => Deno.readDirSync("/root").next(), Deno.errors.PermissionDenied);
    return Promise.resolve();
  });
});

testAsRoot(
  "work that takes its time has the caller's rights to its end, in all threads",
  async () => {
    const before = idsOfThreads();
    const secret = await Deno.makeTempFile();
    try {
      await whileActingAs(DAEMON.uid, async () => {
        // Threads that were made with the other user's rights.
        const reads = Array.from({ length: 10 }, () => Deno.readTextFile(secret));
        for (const { status } of await Promise.allSettled(reads)) assert.equal(status, "rejected");
        const work = async () => {
          assert.equal(await Deno.readTextFile(secret), "");
          return idsOfThreads();
        };
        assert.deepEqual(await whileActingAsCaller(work, () => true), before);
        assert.equal(actingUid(), DAEMON.uid);
        assert.deepEqual(idsOfThreads(), ["0 1 0 1, 0 1 0 1, 1"]);
        await assert.rejects(
          whileActingAsCaller(() => Promise.reject(new Error("x")), () => true),
          /^Error: x/,
        );
        assert.equal(actingUid(), DAEMON.uid);
        // @ts-expect-error: the rights would be gone before such work has ended
        const early = asCaller(() => Promise.resolve(1));
        assert.equal(await early, 1);
      });
      assert.deepEqual(idsOfThreads(), before);
    } finally {
      await Deno.remove(secret);
    }
  },
);

testAsRoot(
  "where foreign code is still at work, the caller's rights are kept for good",
  async () => {
    const before = idsOfThreads();
    await whileActingAs(DAEMON.uid, async () => {
      await assert.rejects(whileActingAsCaller(() => Promise.resolve(1), () => false), RightsKept);
      assert.deepEqual(idsOfThreads(), before);
      assert(!isActingForAnother());
    });
    await assert.rejects(
      whileActingAs(DAEMON.uid, () => Promise.reject(new Error("it ran"))),
      /cannot act as uid 1, .*: foreign code is still at work; run /,
    );
    assert.deepEqual(idsOfThreads(), before);
  },
);

testAsRoot("nothing runs as a user without an account", async () => {
  const before = idsOfThreads();
  const none = 4_000_000;
  await assert.rejects(
    whileActingAs(none, () => Promise.reject(new Error("it ran"))),
    (error) => {
      assert(error instanceof Failure, String(error));
      assert.match(error.message, /^cannot act as uid 4000000, .*: there is no such account; run /);
      return true;
    },
  );
  assert.deepEqual(idsOfThreads(), before);
});
