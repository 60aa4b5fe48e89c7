import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { mustRun, type Output, run } from "../lab/command.ts";
import { admin, enroll, on, PROGRAM } from "../lab/program.ts";
import { type Books, readBooks } from "./books.ts";
import { challenged, filesOf, goOn, type MakeVictim, newName, type Victim } from "./victims.ts";

/** The commands of an administrator. */
export const ADMIN_VICTIMS: Record<string, MakeVictim> = {
  "first enroll"({ directory }) {
    const db = `${directory}/${newName()}/db`;
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

  async restore({ directory }) {
    const { db, stays, goes, comes, backup } = await twoStates(directory);
    return {
      ...command(db, ["restore", backup, "--yes"]),
      async check() {
        const books = await goOn(db);
        const isDone = books.secretOf("comes") !== null;
        assert.equal(books.secretOf("stays"), stays);
        assert.equal(books.secretOf("comes"), isDone ? comes : null);
        assert.equal(books.secretOf("goes"), isDone ? null : goes);
        return isDone;
      },
    };
  },

  async import({ directory }) {
    const { db, stays, goes, comes, backup } = await twoStates(directory);
    const file = `${backup}.csv`;
    const SECRET = "GEZDGNBVGY3TQOJQ";
    await Deno.writeTextFile(
      file,
      `username,secret\ngoes,${SECRET}\ncomes,${comes}\n`,
    );
    const args = ["import", "--replace", "--yes", "--json", file];
    return {
      ...command(db, args),
      async check() {
        const books = await goOn(db);
        const isDone = books.secretOf("comes") !== null;
        assert.equal(books.secretOf("stays"), stays);
        assert.equal(books.secretOf("comes"), isDone ? comes : null);
        assert.equal(books.secretOf("goes"), isDone ? SECRET : goes);
        return isDone;
      },
    };
  },
};

/** A database of its own, and a backup of an earlier state. */
async function twoStates(directory: string) {
  const place = `${directory}/${newName()}`;
  const db = `${place}/db`;
  const backup = `${place}.backup`;
  const stays = await enroll(db, "stays");
  const comes = await enroll(db, "comes");
  await mustRun(PROGRAM, [...on(db), "backup", backup]);
  await admin(db, ["delete", "comes"]);
  const goes = await enroll(db, "goes");
  return { db, backup, stays, comes, goes };
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

function isEnrolledAsPrinted(output: Output, secret: string | null): boolean {
  const printed = output.stdout.split("\n")[1];
  if (printed !== undefined) assert.equal(secret, printed);
  return secret !== null;
}

function keysInUse(books: Books): Set<string> {
  const rows = [...books.enrolments.values()];
  return new Set(rows.map(({ key_id }) => key_id as string));
}
