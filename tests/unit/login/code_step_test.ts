import assert from "node:assert/strict";
import type { Attempt, Challenge } from "../../../src/core/challenge.ts";
import { Redacted } from "../../../src/text/redacted.ts";
import { hmacKey, hotp, markOfCode, timeStepAt } from "../../../src/core/totp.ts";
import { openSecret, sealSecret } from "../../../src/secrets/sealed_secret.ts";
import { refused } from "../../../src/core/verdict.ts";
import { NO_FAILURES } from "../../../src/core/lockout.ts";
import { EXTERNAL_FACTOR } from "../../../src/login/first_factor.ts";
import type { LoginParts } from "../../../src/login/login_parts.ts";
import type { KnownPlace } from "../../../src/core/known_place.ts";
import { type PlaceFailures, placesOf } from "../../../src/core/throttle.ts";
import { codeStep } from "../../../src/login/code_step.ts";
import type { LoginStore } from "../../../src/store/store.ts";
import { openDatabase } from "../../../src/store/sqlite/database.ts";
import { SqliteEnrolmentStore } from "../../../src/store/sqlite/enrolment_store.ts";
import { SqliteLoginStore } from "../../../src/store/sqlite/login_store.ts";
import { fakeFactor, TEST_RULES } from "../../lab/login_parts.ts";
import { makeTestDirectory } from "../../lab/program.ts";
import { ANY_KEYS, given, sealedEnrolment, TEST_KEY } from "../../lab/secrets.ts";

const SECRET = new Redacted(new Uint8Array(20).fill(7));
const NOW = 1_700_000_000_000;
const STEP = timeStepAt(NOW);
const ACCEPTED = { outcome: "accepted", by: "code" };

const attempt = (id: string): Attempt => ({
  id,
  loginName: "alice",
  commonName: "laptop",
  address: "192.0.2.1",
});

async function codeAt(step: number): Promise<string> {
  return await hotp(await hmacKey(SECRET), step);
}

async function enrolAlice(
  enrolments: SqliteEnrolmentStore,
  replace: boolean,
): Promise<void> {
  await enrolments.enrol(
    [await sealedEnrolment("alice", SECRET.reveal(), NOW)],
    { mayReplace: () => replace, ...ANY_KEYS },
  );
}

/** The parts that the code step works with, unless a test says otherwise. */
function partsFor(store: LoginStore, change: Partial<LoginParts> = {}): LoginParts {
  return {
    store,
    firstFactor: fakeFactor(() => refused("wrong_password")),
    secrets: {
      open: async ({ secret, username }) => (await openSecret(secret, username, TEST_KEY))!,
      markOfPassword: () => Promise.reject(new Error("not of this step")),
    },
    rules: TEST_RULES,
    now: () => NOW,
    sessionBegins: { before: 0, after: 25_000 },
    newStateId: () => "state",
    rest() {},
    ...change,
  };
}

/** A client's answer on the connection that was challenged. */
const answerOf = (code: string | null) => ({
  code: code === null ? null : given(code),
  isNewConnection: false,
});

/** Runs a test on a database in which alice is enrolled. */
async function withAlice(
  test: (alice: {
    challenge(id: string, change?: Partial<Challenge>): Promise<void>;
    answer(id: string, code: string | null, nowMs?: number): Promise<unknown>;
    store: SqliteLoginStore;
    enrolments: SqliteEnrolmentStore;
  }) => Promise<void>,
): Promise<void> {
  await using directory = await makeTestDirectory();
  using database = await openDatabase(directory.db, {
    create: true,
    busyTimeoutMs: 0,
  });
  const enrolments = new SqliteEnrolmentStore(database);
  const store = new SqliteLoginStore(database);
  await enrolAlice(enrolments, false);
  await test({
    store,
    enrolments,
    async challenge(id, change = {}) {
      await store.transaction((records) =>
        records.recordChallenge({
          ...attempt(id),
          username: "alice",
          createdAt: NOW,
          expiresAt: NOW + 300_000,
          answer: null,
          ...change,
        })
      );
    },
    answer: async (id, code, nowMs = NOW) => {
      const parts = partsFor(store, { now: () => nowMs });
      const verdict = await codeStep(attempt(id), answerOf(code), parts);
      const reason = "reason" in verdict ? verdict.reason : null;
      const rows = (await Array.fromAsync(enrolments.decisions({}))).flat();
      // Refusals alike share a row; those inside a wait have none.
      const row = rows.findLast((row) => row.outcome === verdict.outcome && row.reason === reason);
      assert.equal(row !== undefined, reason !== "too_many_failures");
      // Other tests check what the client is told.
      return verdict.outcome === "refused" ? refused(verdict.reason) : verdict;
    },
  });
}

Deno.test("codeStep accepts a right code, and records step and time", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    await challenge("a");
    assert.deepEqual(await answer("a", await codeAt(STEP), NOW), ACCEPTED);
    const { lastTimeStep, lastLoginAt } = (await enrolments.find("alice"))!;
    assert.equal(lastTimeStep, STEP);
    assert.equal(lastLoginAt, NOW);
  });
});

Deno.test("codeStep accepts no step twice and no older one, on any attempt", async () => {
  await withAlice(async ({ challenge, answer }) => {
    for (const id of ["a", "b", "c", "d"]) await challenge(id);
    assert.deepEqual(await answer("a", await codeAt(STEP)), ACCEPTED);
    assert.deepEqual(
      await answer("b", await codeAt(STEP)),
      refused("code_used"),
    );
    assert.deepEqual(
      await answer("c", await codeAt(STEP - 1)),
      refused("code_used"),
    );
    assert.deepEqual(await answer("d", await codeAt(STEP + 1)), ACCEPTED);
  });
});

Deno.test("codeStep accepts one answer to a challenge, whatever it is", async () => {
  await withAlice(async ({ challenge, answer }) => {
    const right = await codeAt(STEP);
    const wrong = right === "000000" ? "000001" : "000000";
    for (
      const [first, reason] of [
        [wrong, "wrong_code"],
        [null, "malformed_code"],
      ] as const
    ) {
      await challenge(reason);
      assert.deepEqual(await answer(reason, first), refused(reason));
      assert.deepEqual(
        await answer(reason, right),
        refused("challenge_answered"),
      );
    }
  });
});

Deno.test("codeStep lets an acceptance stand when more answers come", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    await challenge("a");
    assert.deepEqual(await answer("a", await codeAt(STEP)), ACCEPTED);
    for (const code of [await codeAt(STEP + 1), "000000", null]) {
      assert.deepEqual(await answer("a", code), {
        outcome: "unchanged",
        reason: "challenge_answered",
      });
    }
    assert.equal((await enrolments.find("alice"))!.lastTimeStep, STEP);
  });
});

Deno.test("codeStep settles a challenge whatever the refusal", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    await challenge("a", { address: "192.0.2.99" });
    assert.deepEqual(
      await answer("a", await codeAt(STEP)),
      refused("challenge_mismatch"),
    );
    assert.equal(await openChallenge("a", enrolments), null);
    await challenge("b");
    assert.deepEqual(await answer("b", await codeAt(STEP)), ACCEPTED);
    await challenge("c");
    assert.deepEqual(
      await answer("c", await codeAt(STEP)),
      refused("code_used"),
    );
    assert.deepEqual(
      await answer("c", await codeAt(STEP + 1)),
      refused("challenge_answered"),
    );
  });
});

/** The challenge, if it is still open. */
async function openChallenge(
  id: string,
  enrolments: SqliteEnrolmentStore,
): Promise<string | null> {
  const open = await enrolments.openChallenges(NOW);
  return open.find((challenge) => challenge.id === id)?.id ?? null;
}

Deno.test("codeStep refuses an answer without a challenge, or to an expired one", async () => {
  await withAlice(async ({ challenge, answer }) => {
    const code = await codeAt(STEP);
    assert.deepEqual(await answer("a", code), refused("no_challenge"));
    await challenge("b", { expiresAt: NOW });
    assert.deepEqual(await answer("b", code), refused("challenge_expired"));
  });
});

Deno.test("codeStep refuses after the user was deleted or enrolled again", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    const code = await codeAt(STEP);
    await challenge("a");
    await enrolAlice(enrolments, true);
    assert.deepEqual(await answer("a", code), refused("no_challenge"));
    await challenge("b");
    assert.equal((await enrolments.delete("alice", NOW))?.wasEnrolled, true);
    assert.deepEqual(await answer("b", code), refused("no_challenge"));
  });
});

Deno.test("codeStep changes nothing when the secret cannot be opened", async () => {
  await withAlice(async ({ challenge, answer, store, enrolments }) => {
    await challenge("a");
    const parts = partsFor(store, {
      secrets: {
        open: () => Promise.reject(new Error("on fire")),
        markOfPassword: () => Promise.resolve(null),
      },
    });
    const given = answerOf(await codeAt(STEP));
    await assert.rejects(codeStep(attempt("a"), given, parts), /on fire/);
    assert.deepEqual(await Array.fromAsync(enrolments.decisions({})), []);
    assert.deepEqual(await answer("a", await codeAt(STEP)), ACCEPTED);
  });
});

/** Wrong codes: none of them belongs to the drift window. */
async function wrongCodes(count: number): Promise<string[]> {
  const right = await Promise.all(
    [-1, 0, 1].map((offset) => codeAt(STEP + offset)),
  );
  return Array.from({ length: count + 3 }, (_, n) => `00000${n}`)
    .filter((code) => !right.includes(code)).slice(0, count);
}

Deno.test("codeStep locks after too many wrong codes, and then refuses even a right one", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    const wrong = await wrongCodes(3);
    for (const id of ["a", "b", "c", "d", "e"]) await challenge(id);
    assert.deepEqual(await answer("a", wrong[0]!), refused("wrong_code"));
    assert.deepEqual(await answer("b", wrong[1]!), refused("wrong_code"));
    assert.deepEqual(await answer("c", wrong[2]!), refused("codes_locked"));
    const right = await codeAt(STEP);
    assert.deepEqual(await answer("d", right), refused("codes_locked"));
    await enrolments.unlock("alice");
    assert.deepEqual(await answer("e", right), ACCEPTED);
  });
});

Deno.test("codeStep counts the same wrong code once, and forgets it after a right one", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    const [first, second] = await wrongCodes(2);
    const count = async () => (await enrolments.find("alice"))!.failures.count;
    for (const [i, code] of [first, first, first, second].entries()) {
      await challenge(`a${i}`);
      assert.deepEqual(await answer(`a${i}`, code!), refused("wrong_code"));
      assert.equal(await count(), code === first ? 1 : 2);
    }
    await challenge("b");
    assert.deepEqual(await answer("b", await codeAt(STEP)), ACCEPTED);
    assert.equal(await count(), 0);
  });
});

Deno.test("codeStep counts neither malformed codes, nor used ones, nor answers without a challenge", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    const right = await codeAt(STEP);
    for (const id of ["a", "b", "c"]) await challenge(id);
    await answer("a", right);
    assert.deepEqual(await answer("b", right), refused("code_used"));
    assert.deepEqual(await answer("c", null), refused("malformed_code"));
    for (const code of await wrongCodes(5)) await answer("none", code);
    assert.equal((await enrolments.find("alice"))!.failures.count, 0);
  });
});

/** The same parts, but another factor decides about the password. */
async function answerUnproven(
  { store }: { store: SqliteLoginStore },
  id: string,
  code: string | null,
  nowMs = NOW,
) {
  const parts = partsFor(store, { now: () => nowMs, firstFactor: EXTERNAL_FACTOR });
  return await codeStep(attempt(id), answerOf(code), parts);
}

Deno.test("codeStep, if the password is not proven, refuses everything alike, and locks nobody", async () => {
  await withAlice(async (alice) => {
    const { challenge, enrolments } = alice;
    const [wrong] = await wrongCodes(1);
    for (const id of ["a", "b", "c"]) await challenge(id);
    await challenge("late", { expiresAt: NOW });
    const later = (n: number) => NOW + n * 3_600_000;
    const verdicts = [
      await answerUnproven(alice, "a", wrong!, NOW),
      await answerUnproven(alice, "a", wrong!, NOW),
      await answerUnproven(alice, "b", null, NOW),
      // An hour later, no failure counts any more.
      await answerUnproven(alice, "none", wrong!, later(1)),
      await answerUnproven(alice, "late", wrong!, later(1)),
    ];
    const reasons = verdicts.map((verdict) => {
      assert(verdict.outcome === "refused");
      assert.equal(verdict.told, "");
      return verdict.reason;
    });
    assert.deepEqual(reasons, [
      "wrong_code",
      "challenge_answered",
      "malformed_code",
      "no_challenge",
      "challenge_expired",
    ]);
    assert.deepEqual((await enrolments.find("alice"))!.failures, NO_FAILURES);
  });
});

Deno.test("codeStep, if the password is not proven, takes the user's failures back when the code is right", async () => {
  await withAlice(async (alice) => {
    const { challenge, store } = alice;
    const places = placesOf("alice", "192.0.2.1", TEST_RULES.throttle);
    const [pair, network] = [places.pair.key, places.networks[0]!.key];
    const level = async (key: string) => (await store.findPlaceFailures(key))?.level;
    await store.transaction(async (records) => {
      const failures = { level: 2, lastAt: NOW, goneAt: NOW + 600_000 };
      await records.savePlaceFailures(pair, failures);
      await records.savePlaceFailures(network, { ...failures, level: 9 });
    });
    await challenge("a");
    await challenge("b");
    await answerUnproven(alice, "a", (await wrongCodes(1))[0]!);
    assert.deepEqual([await level(pair), await level(network)], [3, 10]);
    const right = await answerUnproven(alice, "b", await codeAt(STEP), NOW + 1000);
    assert.deepEqual(right, ACCEPTED);
    assert.deepEqual([await level(pair), await level(network)], [undefined, 7]);
    assert.equal(
      (await answerUnproven(alice, "b", null)).outcome,
      "unchanged",
    );
  });
});

Deno.test("codeStep refuses answers to no challenge unseen while their place must wait", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    await challenge("open");
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await answer(`none ${i}`, "123456"), refused("no_challenge"));
    }
    for (let i = 0; i < 9; i++) {
      assert.deepEqual(await answer(`none ${i}`, "123456"), refused("too_many_failures"));
    }
    const rows = (await Array.fromAsync(enrolments.decisions({}))).flat();
    assert.deepEqual(rows.map(({ reason, count }) => [reason, count]), [["no_challenge", 3]]);
    // A challenge that waits for its answer is not held.
    assert.deepEqual(await answer("open", await codeAt(STEP)), ACCEPTED);
  });
});

Deno.test("codeStep, if the password is not proven, treats those who are not enrolled like others in a wait", async () => {
  await withAlice(async (alice) => {
    const { challenge, store } = alice;
    const { pair } = placesOf("alice", "192.0.2.1", TEST_RULES.throttle);
    const waiting: PlaceFailures = { level: 9, lastAt: NOW, goneAt: NOW + 9e6 };
    await challenge("enrolled");
    await store.transaction(async (records) => {
      await records.openAttempt({ id: "pretended", places: [], expiresAt: NOW + 1 }, NOW);
      await records.savePlaceFailures(pair.key, waiting);
    });
    const wrong = (await wrongCodes(1))[0]!;
    const levels = [];
    for (const id of ["enrolled", "pretended", "enrolled", "pretended"]) {
      const verdict = await answerUnproven(alice, id, wrong);
      assert(verdict.outcome === "refused");
      assert.equal(verdict.told, "");
      levels.push((await store.findPlaceFailures(pair.key))!.level);
    }
    // No answer is looked at: however many challenges are open, guesses at their codes wait.
    assert.deepEqual(levels, [9, 9, 9, 9]);
  });
});

Deno.test("codeStep makes a user known, and counts wrong codes from there apart", async () => {
  await withAlice(async ({ challenge, answer, store, enrolments }) => {
    const { pair } = placesOf("alice", "192.0.2.1", TEST_RULES.throttle);
    const known = async (): Promise<KnownPlace | null> => await store.findKnownPlace(pair.key);
    for (const id of ["a", "b", "c", "d", "e", "f"]) await challenge(id);
    const wrong = await wrongCodes(3);
    await answer("a", wrong[0]!);
    assert.equal(await known(), null);
    assert.deepEqual(await answer("b", await codeAt(STEP)), ACCEPTED);
    assert.deepEqual(await known(), {
      username: "alice",
      lastLoginAt: NOW,
      failures: NO_FAILURES,
    });
    for (const [i, id] of ["c", "d", "e"].entries()) await answer(id, wrong[i]!);
    assert.deepEqual(await answer("f", await codeAt(STEP + 1)), refused("codes_locked"));
    assert.equal((await known())!.failures.locks, 1);
    assert.deepEqual((await enrolments.find("alice"))!.failures, NO_FAILURES);
  });
});

/** How many wrong codes are held against alice from the place that she has logged in from. */
async function wrongFromHere(enrolments: SqliteEnrolmentStore): Promise<number> {
  const [place] = await enrolments.placeCodes("alice");
  return place!.failures.count;
}

Deno.test("codeStep takes each recovery code once, and counts a wrong one", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    await enrolments.replaceRecoveryCodes(
      (await enrolments.find("alice"))!,
      await Promise.all(["ABCDE10K0Z", "0000000000"].map((code) => markOfCode(SECRET, code))),
    );
    const left = async () => (await enrolments.find("alice"))!.recoveryCodes;
    for (const id of ["a", "b", "c", "d"]) await challenge(id);
    const accepted = { outcome: "accepted", by: "recovery code" };
    assert.deepEqual(await answer("a", "abcde-l0koz"), accepted);
    assert.equal(await left(), 1);
    assert.deepEqual(await answer("b", "ABCDE-10K0Z"), refused("wrong_code"));
    assert.equal(await wrongFromHere(enrolments), 1);
    // The app's code for this moment is still valid.
    assert.deepEqual(await answer("c", await codeAt(STEP)), ACCEPTED);
    assert.deepEqual(await answer("d", "0000000000"), accepted);
    assert.equal(await left(), 0);
    assert.equal((await enrolments.find("alice"))!.lastTimeStep, STEP);
  });
});

Deno.test("codeStep refuses a user who was disabled in the meantime", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    await challenge("a");
    await enrolments.setDisabled("alice", NOW);
    assert.deepEqual(
      await answer("a", await codeAt(STEP)),
      refused("no_challenge"),
    );
    await challenge("b");
    assert.deepEqual(
      await answer("b", await codeAt(STEP)),
      refused("user_disabled"),
    );
    await enrolments.setDisabled("alice", null);
    await challenge("c");
    assert.deepEqual(await answer("c", await codeAt(STEP)), ACCEPTED);
  });
});

Deno.test("codeStep refuses a second answer on a new connection, and another address only if it is bound", async () => {
  await withAlice(async ({ challenge, store }) => {
    const answerFrom = async (id: string, address: string, bound: boolean) => {
      const from = { ...attempt(id), address };
      const parts = partsFor(store, { rules: { ...TEST_RULES, bindAddress: bound } });
      const code = given(await codeAt(STEP));
      const verdict = await codeStep(from, { code, isNewConnection: true }, parts);
      return verdict.outcome === "refused" ? verdict.reason : verdict.outcome;
    };
    await challenge("a");
    await challenge("b");
    const other = "198.51.100.1";
    assert.equal(await answerFrom("a", other, true), "challenge_mismatch");
    assert.equal(await answerFrom("b", other, false), "accepted");
    assert.equal(await answerFrom("b", other, false), "challenge_answered");
  });
});

Deno.test("codeStep goes by the present rule about common names, whatever the challenge went by", async () => {
  await withAlice(async ({ challenge, store }) => {
    const reasons: string[] = [];
    for (const commonName of ["laptop", null, attempt("x").loginName]) {
      const id = `of ${commonName}`;
      await challenge(id, { commonName });
      const parts = partsFor(store, { rules: { ...TEST_RULES, commonName: "same" } });
      const answer = { code: given(await codeAt(STEP)), isNewConnection: false };
      // OpenVPN has replaced the common name by the login name.
      const from = { ...attempt(id), commonName: attempt(id).loginName };
      const verdict = await codeStep(from, answer, parts);
      reasons.push(verdict.outcome === "refused" ? verdict.reason : verdict.outcome);
    }
    assert.deepEqual(reasons, ["common_name_mismatch", "common_name_mismatch", "accepted"]);
  });
});

Deno.test("codeStep accepts an eight-digit recovery code once, and counts a wrong one", async () => {
  await withAlice(async ({ challenge, answer, enrolments }) => {
    for (const id of ["a", "b", "c", "d"]) await challenge(id);
    await enrolments.replaceRecoveryCodes(
      (await enrolments.find("alice"))!,
      [await markOfCode(SECRET, "12345678")],
    );
    assert.deepEqual(await answer("a", "1234 5678"), {
      outcome: "accepted",
      by: "recovery code",
    });
    assert.deepEqual(await answer("b", "12345678"), refused("wrong_code"));
    assert.equal(await wrongFromHere(enrolments), 1);
    assert.deepEqual(await answer("c", "1234567"), refused("malformed_code"));
    assert.equal(await wrongFromHere(enrolments), 1);
  });
});

/** Secrets that are sealed again while they are opened, this many times. */
function resealing(times: number, enrolments: SqliteEnrolmentStore): LoginParts["secrets"] {
  let left = times;
  return {
    markOfPassword: () => Promise.resolve(null),
    async open(enrolment) {
      const { username, secret } = enrolment;
      const opened = (await openSecret(secret, username, TEST_KEY))!;
      if (left-- > 0) {
        const sealed = await sealSecret(opened, username, TEST_KEY);
        await enrolments.replaceSecrets([{ enrolment, sealed }]);
      }
      return opened;
    },
  };
}

Deno.test("codeStep checks a code again if its secret was sealed again in the meantime, but not for ever", async () => {
  await withAlice(async ({ challenge, store, enrolments }) => {
    const code = await codeAt(STEP);
    const answerWhile = (id: string, times: number) =>
      codeStep(
        attempt(id),
        answerOf(code),
        partsFor(store, { secrets: resealing(times, enrolments) }),
      );
    await challenge("a");
    await challenge("b");
    await assert.rejects(answerWhile("a", 3), /secret was changed again and again/);
    assert.deepEqual(await Array.fromAsync(enrolments.decisions({})), []);
    assert.deepEqual(await answerWhile("a", 2), ACCEPTED);
    assert.equal(await openChallenge("a", enrolments), null);
    assert.equal(await openChallenge("b", enrolments), "b");
  });
});
