import assert from "node:assert/strict";
import type { Attempt } from "../../../src/core/challenge.ts";
import { ClientSessions } from "../../../src/serve/client_sessions.ts";
import { LONGEST_LOGIN_MS } from "../../../src/serve/limits.ts";
import { openStore } from "../../../src/store/open_store.ts";
import { DeskRig } from "../../lab/desk_rig.ts";
import { codeAt, type Rules } from "../../lab/login_rules.ts";
import { makeTestDirectory } from "../../lab/program.ts";

const RULES: Rules = {
  mode: "pam",
  challengeSeconds: 300,
  driftSteps: 1,
  maxFailures: 5,
  lockoutSeconds: 60,
  freeFailures: 100,
  maxWaitSeconds: 16,
  bindsAddress: true,
  admitsUnenrolled: false,
  commonName: "any",
};

const SECRET = "A".repeat(32);
const KEY = { cid: "0", kid: "0" };

const attempt = (id: string): Attempt => ({
  id,
  loginName: "alice",
  commonName: null,
  address: "192.0.2.1",
});

/** Runs work with a service that knows alice. */
async function withRig(work: (rig: DeskRig, keyFile: string) => Promise<void>): Promise<void> {
  await using directory = await makeTestDirectory();
  const database = { engine: "sqlite", path: directory.db } as const;
  using store = await openStore({ database, create: true, busyTimeoutMs: 0 });
  const keyFile = `${directory.path}/key`;
  using rig = new DeskRig(store, directory.db, keyFile, RULES);
  rig.now = 1_700_000_000_000;
  await rig.enrol("alice", SECRET);
  rig.now += 5000;
  await work(rig, keyFile);
}

/** Runs work while a login's time is up as soon as it begins. */
async function withoutTime<T>(work: () => Promise<T>): Promise<T> {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((then: () => void, ms: number) => {
    if (ms !== LONGEST_LOGIN_MS) return setTimeout(then, ms);
    then();
    return 0;
  }) as typeof setTimeout;
  try {
    return await work();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
}

Deno.test("an answer that nothing waits for does not cut off a client that a service before let in", async () => {
  await withRig(async (rig) => {
    const code = codeAt(SECRET, rig.now);
    const login = attempt("one");
    const verdict = await rig.password(login, { password: "right", method: "static", code }, "");
    assert.deepEqual(verdict, { outcome: "accepted", by: "code" });
    rig.restartService();
    // The rig asserts that nothing is told.
    const answer = await rig.code(login, code, false);
    assert("reason" in answer && answer.reason === "no_challenge");
    assert.equal(rig.servers[0]!.keys.stateOf("0 0"), "in");
  });
});

Deno.test("an answer from elsewhere does not cut off a client that a service before let in", async () => {
  await withRig(async (rig) => {
    const code = codeAt(SECRET, rig.now);
    const login = attempt("one");
    await rig.password(login, { password: "right", method: "crtext", code: null }, "");
    assert.deepEqual(await rig.code(login, code, false), { outcome: "accepted", by: "code" });
    rig.restartService();
    const answer = await rig.code({ ...login, address: "192.0.2.9" }, code, false);
    assert("reason" in answer && answer.reason === "challenge_mismatch");
    assert.equal(rig.servers[0]!.keys.stateOf("0 0"), "in");
  });
});

Deno.test("an answer that takes too long does not cut off a client that a service before let in", async () => {
  await withRig(async (rig) => {
    const code = codeAt(SECRET, rig.now);
    const login = attempt("one");
    await rig.password(login, { password: "right", method: "static", code }, "");
    rig.restartService();
    await withoutTime(() => rig.code(login, code, false));
    assert.equal(rig.servers[0]!.keys.stateOf("0 0"), "in");
  });
});

Deno.test("the log says of a decision that came too late that the client knew nothing of it", async () => {
  await withRig(async (rig) => {
    const sent = { password: "right", method: "static", code: codeAt(SECRET, rig.now) } as const;
    // The rig tells what was said and logged where they do not agree.
    await assert.rejects(
      withoutTime(() => rig.password(attempt("one"), sent, "")),
      /accepted became client-deny 0 0 busy TEMP\[.*"warning":"decided too late: /,
    );
    assert.equal(rig.servers[0]!.keys.stateOf("0 0"), "out");
  });
});

Deno.test("a dynamic challenge's answer that cannot be judged is refused, not left without a word", async () => {
  await withRig(async (rig, keyFile) => {
    const login = attempt("one");
    await rig.password(login, { password: "right", method: "dynamic", code: null }, "state");
    await Deno.remove(keyFile);
    // The rig asserts that there is one word.
    const verdict = await rig.code({ ...login, id: "state" }, codeAt(SECRET, rig.now), true);
    assert(verdict instanceof Error);
    assert.equal(rig.servers[1]!.keys.stateOf("0 0"), "out");
  });
});

Deno.test("the service's end refuses nobody of whom it does not know whether OpenVPN waits", () => {
  const sessions = new ClientSessions();
  const session = sessions.find(KEY);
  session.inFlight++;
  assert.deepEqual(sessions.undecided(), []);
  const asked = sessions.begin(KEY);
  asked.inFlight++;
  assert.deepEqual(sessions.undecided(), [asked]);
});

Deno.test("a client that a service before let in stays the administrator's, whatever it sends", () => {
  const sessions = new ClientSessions();
  const session = sessions.find(KEY);
  assert.equal(sessions.isUndecided(KEY.cid), false);
  session.inFlight++;
  assert.equal(sessions.isUndecided(KEY.cid), true);
  session.inFlight--;
  assert.equal(sessions.isUndecided(KEY.cid), false);
  sessions.begin({ ...KEY, kid: "1" });
  assert.equal(sessions.isUndecided(KEY.cid), true);
});
