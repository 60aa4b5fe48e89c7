import assert from "node:assert/strict";
import { base64, codeOf, enroll, wrongCodeOf } from "../lab/program.ts";
import type { PlayedAttempt } from "../lab/hook_call.ts";
import { type Books, readBooks } from "./books.ts";
import {
  challenged,
  filesOf,
  goOn,
  type MakeVictim,
  play,
  type Scene,
  type Victim,
} from "./victims.ts";

/** The calls of a login. */
export const LOGIN_VICTIMS: Record<string, MakeVictim> = {
  async "password, then the challenge"({ directory, db, account }) {
    const { username, password } = account;
    const secret = await enroll(db, username);
    const attempt = await play(directory, db, {});
    return {
      run(wrap) {
        attempt.wrap = [...wrap];
        return attempt.password(username, password);
      },
      files: filesOf(db, attempt),
      async check({ status }) {
        const books = await goOn(db);
        const isDone = books.challenges.has(attempt.files.control);
        assert.equal(linesOf(books, attempt).length, isDone ? 1 : 0);
        const pending = await attempt.pending();
        if (status === 2) assert.notEqual(pending, "");
        if (pending !== "") assert(isDone, "challenged, as it said");
        const held = [...books.placeFailures.keys()]
          .some((place) => place.includes(attempt.env.untrusted_ip!));
        if (isDone) assert.equal(held, false, "nothing is held against them");
        if (!isDone) await logIn(directory, db, { username, password, secret });
        return isDone;
      },
    };
  },

  "right code": (scene) => answered(scene, codeOf, "accepted"),

  "wrong code": (scene) => answered(scene, wrongCodeOf, "refused"),
};

/** An answer to a challenge of a user of its own. */
async function answered(
  { directory, db }: Scene,
  codeOfSecret: (secret: string) => string,
  expected: "accepted" | "refused",
): Promise<Victim> {
  const { username, secret, attempt } = await challenged(directory, db);
  const answer = base64(codeOfSecret(secret));
  return {
    run(wrap) {
      attempt.wrap = [...wrap];
      return attempt.answer(answer);
    },
    files: filesOf(db, attempt),
    async check({ status }) {
      const control = await attempt.control();
      attempt.wrap = [];
      // The client may answer again: an open challenge takes it, a settled one stays as it is.
      const again = await attempt.answer(base64(codeOf(secret)), "2");
      const books = readBooks(db);
      const lines = linesOf(books, attempt)
        .filter(({ step }) => step === "code").map(({ outcome }) => outcome);
      const isDone = !(again.status === 0 && lines.length === 1);
      const settled = isDone ? expected : "accepted";
      const { answer } = books.challenges.get(attempt.files.control)!;
      const { last_step } = books.enrolments.get(username)!;
      assert.equal(answer, settled);
      assert.equal(last_step !== null, settled === "accepted");
      assert.deepEqual(lines, [
        ...isDone ? [expected] : [],
        again.stderr.match(/ outcome=(\w+) /)![1],
      ]);
      if (isDone) {
        assert.match(again.stderr, / reason=challenge_answered /);
      }
      const verdict = expected === "accepted" ? "1" : "0";
      if (status === 0) assert.equal(control, "1");
      if (control !== "") assert(isDone && control === verdict, "committed");
      const last = await attempt.control();
      if (last === "1") assert.equal(settled, "accepted");
      return isDone;
    },
  };
}

/** A whole login, which must go through. */
async function logIn(
  directory: string,
  db: string,
  user: { username: string; password: string; secret: string },
): Promise<void> {
  const attempt = await play(directory, db, {});
  const first = await attempt.password(user.username, user.password);
  assert.equal(first.status, 2, first.stderr);
  const second = await attempt.answer(base64(codeOf(user.secret)));
  assert.equal(second.status, 0, second.stderr);
}

function linesOf(books: Books, attempt: PlayedAttempt) {
  return books.decisions
    .filter(({ address }) => address === attempt.env.untrusted_ip);
}
