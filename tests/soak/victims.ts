import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Account } from "../lab/accounts.ts";
import { type Output, run } from "../lab/command.ts";
import { playAttempt, type PlayedAttempt } from "../lab/hook_call.ts";
import {
  admin,
  base64,
  codeOf,
  enroll,
  keyFileOf,
  on,
  PROGRAM,
  wrongCodeOf,
} from "../lab/program.ts";
import { type Books, readBooks } from "./books.ts";

/** Where calls are killed: a database that stays, with somebody in it. */
export interface Scene {
  directory: string;
  db: string;
  account: Account;
}

/** A call that may be killed at any moment. */
export interface Victim {
  /** Runs it inside another command that may kill it, such as `timeout` or `strace`. */
  run(wrap: readonly string[]): Promise<Output>;
  /** The files that it changes. */
  files: string[];
  /**
   * Goes on without any repair, and asserts that what the call does was done wholly or not at all,
   * and that its files and what it printed are true.
   *
   * @returns whether it was done
   */
  check(output: Output): Promise<boolean>;
}

/** Prepares a call, with users of its own. */
export type MakeVictim = (scene: Scene) => Victim | Promise<Victim>;

let users = 0;

const newName = () => `victim${++users}`;

/** The commands of an administrator, and the calls of a login. */
export const VICTIMS: Record<string, MakeVictim> = {
  "first enroll"({ directory }) {
    const db = `${directory}/first${++users}/db`;
    const { run, files } = command(db, ["enroll", "first"]);
    return {
      run,
      files,
      async check(output) {
        const other = await enroll(db, "other");
        const books = readBooks(db);
        assert.equal(books.secretOf("other"), other);
        return isEnrolledAsPrinted(output, books.secretOf("first"));
      },
    };
  },

  enroll({ db }) {
    const username = newName();
    return {
      ...command(db, ["enroll", username]),
      async check(output) {
        const books = await goOn(db);
        return isEnrolledAsPrinted(output, books.secretOf(username));
      },
    };
  },

  async "enroll --replace"({ directory, db }) {
    const { username, secret, attempt } = await challenged(directory, db);
    return {
      ...command(db, ["enroll", "--replace", username]),
      async check(output) {
        const books = await goOn(db);
        const isReplaced = books.secretOf(username) !== secret;
        assert.equal(books.challenges.has(attempt.files.control), !isReplaced);
        if (isReplaced) {
          isEnrolledAsPrinted(output, books.secretOf(username));
        } else assert.equal(output.stdout, "");
        return isReplaced;
      },
    };
  },

  async delete({ directory, db }) {
    const { username, secret, attempt } = await challenged(directory, db);
    return {
      ...command(db, ["delete", username]),
      async check() {
        const books = await goOn(db);
        const isDeleted = books.secretOf(username) === null;
        assert.equal(books.challenges.has(attempt.files.control), !isDeleted);
        if (!isDeleted) assert.equal(books.secretOf(username), secret);
        return isDeleted;
      },
    };
  },

  async rekey({ directory }) {
    // A database of its own, whose users don't become more and more.
    const db = `${directory}/rekey/db`;
    const users = ["one", "two", "three"];
    const secrets: string[] = [];
    for (const username of users) secrets.push(await enroll(db, username));
    const [oldKey] = keysInUse(readBooks(db));
    return {
      ...command(db, ["rekey"]),
      async check() {
        const books = await goOn(db);
        assert.deepEqual(users.map(books.secretOf), secrets);
        const [key, ...others] = keysInUse(books);
        assert.deepEqual(others, [], "all are sealed with one key");
        return key !== oldKey;
      },
    };
  },

  async unlock({ db }) {
    const username = newName();
    const secret = await enroll(db, username);
    using database = new DatabaseSync(db, { timeout: 10_000 });
    const until = Date.now() + 3_600_000;
    database.prepare(
      "UPDATE enrolments SET locks = 2, locked_until = ? WHERE username = ?",
    ).run(until, username);
    return {
      ...command(db, ["unlock", username]),
      async check() {
        const books = await goOn(db);
        const { locks, locked_until } = books.enrolments.get(username)!;
        assert.equal(books.secretOf(username), secret);
        const isUnlocked = locks === 0;
        assert.equal(locked_until, isUnlocked ? null : until);
        return isUnlocked;
      },
    };
  },

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
        const held = [...books.passwordFailures.keys()]
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

/** A user of its own who was challenged. */
async function challenged(directory: string, db: string) {
  const username = newName();
  const secret = await enroll(db, username);
  const attempt = await play(directory, db, { totpPrimaryAuth: "external" });
  const { status, stderr } = await attempt.password(username, "x");
  assert.equal(status, 2, stderr);
  return { username, secret, attempt };
}

/** An attempt from an address of its own. */
function play(
  directory: string,
  db: string,
  settings: Record<string, string>,
): Promise<PlayedAttempt> {
  const n = ++users;
  return playAttempt(directory, {
    totpTokenDbPath: db,
    untrusted_ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    ...settings,
  });
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

function command(
  db: string,
  args: readonly string[],
): Pick<Victim, "run" | "files"> {
  return {
    run(wrap) {
      const [program, ...rest] = [...wrap, PROGRAM, ...on(db), ...args];
      return run(program!, rest);
    },
    files: filesOf(db),
  };
}

function filesOf(db: string, attempt?: PlayedAttempt): string[] {
  const directory = db.slice(0, db.lastIndexOf("/"));
  const ours = [directory, db, `${db}-journal`, keyFileOf(db)];
  return attempt === undefined ? ours : [
    ...ours,
    ...Object.values(attempt.files),
  ];
}

/** The program first, which must work as if nothing had happened; then a look from outside. */
async function goOn(db: string): Promise<Books> {
  const { status, stdout, stderr } = await admin(db, ["list", "--json"]);
  assert.equal(status, 0, stderr);
  const books = readBooks(db);
  const listed = JSON.parse(stdout) as { username: string }[];
  assert.deepEqual(
    listed.map(({ username }) => username),
    [...books.enrolments.keys()],
  );
  return books;
}

function isEnrolledAsPrinted(output: Output, secret: string | null): boolean {
  const printed = output.stdout.split("\n")[1];
  if (printed !== undefined) assert.equal(secret, printed);
  return secret !== null;
}

function keysInUse(books: Books): Set<string> {
  const rows = [...books.enrolments.values()];
  return new Set(rows.map(({ key_id }) => key_id as string));
}

function linesOf(books: Books, attempt: PlayedAttempt) {
  return books.decisions
    .filter(({ address }) => address === attempt.env.untrusted_ip);
}
