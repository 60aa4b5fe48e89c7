import assert from "node:assert/strict";
import { Failure } from "../../src/core/failure.ts";
import type { Store } from "../../src/store/store.ts";
import { fails } from "../lab/failures.ts";
import {
  accept,
  challenge,
  challengeOf,
  type Engine,
  enrol,
  enrolmentOf,
  withAlice,
} from "./stores.ts";

/** Challenges: one for an attempt, and one answer for a challenge. */
export function testChallenges(engine: Engine): void {
  const test = (name: string, work: Parameters<typeof withAlice>[1]) =>
    engine.test(name, () => withAlice(engine, work));

  test("a challenge comes back as it was recorded, with its enrolment", async (store) => {
    const recorded = {
      ...challengeOf("a", 5),
      loginName: "ALICE",
      commonName: "laptop",
      address: "2001:db8::7",
    };
    await challenge(store, recorded);
    const pending = (await store.logins.findPending("a"))!;
    assert.deepEqual(pending.challenge, recorded);
    assert.deepEqual(pending.enrolment, await store.enrolments.find("alice"));
    assert.equal(await store.logins.findPending("b"), null);
  });

  test("an attempt is challenged once", async (store) => {
    await challenge(store, challengeOf("a"));
    await fails(() => challenge(store, challengeOf("a", 1)), "challenge_exists");
    assert.equal((await store.logins.findPending("a"))!.challenge.createdAt, 0);
  });

  test("an attempt whose challenge is forgotten can be challenged", async (store) => {
    await challenge(store, challengeOf("a"));
    await challenge(store, challengeOf("b"));
    await store.logins.transaction((records) => records.answerChallenge("a", "accepted"));
    await store.logins.transaction((records) => records.forgetChallenge("a"));
    assert.equal(await store.logins.findPending("a"), null);
    await challenge(store, challengeOf("a", 1));
    assert.equal((await store.logins.findPending("a"))!.challenge.answer, null);
    assert.notEqual(await store.logins.findPending("b"), null);
  });

  test("nobody is challenged who isn't enrolled", async (store) => {
    const work = challenge(store, challengeOf("a", 0, { username: "bob" }));
    await assert.rejects(work, Failure);
    assert.equal(await store.logins.findPending("a"), null);
  });

  test("a challenge keeps the answer that it has", async (store) => {
    await challenge(store, challengeOf("a"));
    await store.logins.transaction(async (records) => {
      await records.answerChallenge("a", "refused");
      await records.answerChallenge("a", "accepted");
    });
    assert.equal((await store.logins.findPending("a"))!.challenge.answer, "refused");
  });

  test("of answers at one moment, one finds the challenge open", async (store) => {
    await challenge(store, challengeOf("a"));
    const answer = () =>
      store.logins.transaction(async (records) => {
        const { challenge } = (await records.findPending("a"))!;
        await new Promise((resolve) => setTimeout(resolve, 1));
        await records.answerChallenge("a", "accepted");
        return challenge.answer;
      });
    const found = await Promise.all([answer(), answer(), answer()]);
    assert.deepEqual(found.toSorted(), ["accepted", "accepted", null]);
  });

  test("an accepted challenge outlives its expiry by a day, for second answers", async (store) => {
    const dayMs = 24 * 60 * 60 * 1000;
    await challenge(store, challengeOf("accepted"));
    await accept(store, "accepted", 1);
    await challenge(store, challengeOf("open"));
    const isThere = async (id: string) => await store.logins.findPending(id) !== null;
    await challenge(store, challengeOf("b", 999));
    assert.deepEqual([await isThere("accepted"), await isThere("open")], [true, true]);
    await challenge(store, challengeOf("c", dayMs + 999));
    assert.deepEqual([await isThere("accepted"), await isThere("open")], [true, false]);
    await challenge(store, challengeOf("d", dayMs + 1000));
    assert.equal(await isThere("accepted"), false);
  });

  test("openChallenges gives those that still wait, oldest first", async (store) => {
    await enrol(store, ["bob"]);
    await challenge(store, challengeOf("young", 10));
    await challenge(store, challengeOf("old", 0));
    await challenge(store, challengeOf("of bob", 5, { username: "bob" }));
    await challenge(store, challengeOf("settled", 0));
    await accept(store, "settled", 1);
    assert.deepEqual(await idsOf(store, 999), ["old", "of bob", "young"]);
    assert.deepEqual(await idsOf(store, 999, "bob"), ["of bob"]);
    assert.deepEqual(await idsOf(store, 999, "carol"), []);
    assert.deepEqual(await idsOf(store, 4), ["old"]);
    assert.deepEqual(await idsOf(store, 1000), ["of bob", "young"]);
  });

  test("challenges go with what they rest on, and nobody else's do", async (store) => {
    await enrol(store, ["bob"]);
    const challengeAll = async (round: number) => {
      for (const username of ["alice", "bob"]) {
        await challenge(store, challengeOf(`${username} ${round}`, round, { username }));
      }
    };
    const changes = [
      () => store.enrolments.setDisabled("alice", 1),
      () => enrol(store, [enrolmentOf("alice", 2)], { mayReplace: () => true }),
      () => store.enrolments.delete("alice", 2),
    ];
    for (const [round, change] of changes.entries()) {
      await challengeAll(round);
      await change();
      assert.equal(await store.logins.findPending(`alice ${round}`), null);
      assert(await store.logins.findPending(`bob ${round}`));
    }
  });
}

async function idsOf({ enrolments }: Store, now: number, username?: string): Promise<string[]> {
  return (await enrolments.openChallenges(now, username)).map(({ id }) => id);
}
