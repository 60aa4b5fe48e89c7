import assert from "node:assert/strict";
import { mustRun, type Output, run } from "../lab/command.ts";
import { startPostgres } from "../lab/postgres.ts";
import { admin, enroll, keyFileOf, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { POSTGRES_LAB, testWith } from "../lab/requirements.ts";

/** The ids of a key file's keys, each with the word in front of it. */
async function keysIn(path: string): Promise<string[]> {
  const text = await Deno.readTextFile(path);
  return [...text.matchAll(/^(key|next) ([0-9a-f]{16}) /gm)].map(([, kind, id]) => `${kind} ${id}`);
}

testWith(
  POSTGRES_LAB,
  "rekey of a shared database locks nobody out, at any of its steps",
  async () => {
    await using server = await startPostgres();
    await using directory = await makeTestDirectory();
    const { url, ownerUrl, login, psql } = await server.makeDatabase();
    await mustRun(PROGRAM, ["--database", ownerUrl, "database", "init", "--role", login]);
    const on = (key: string, ...args: string[]): Promise<Output> =>
      run(PROGRAM, ["--database", url, "--key", `${directory.path}/${key}`, ...args]);
    const users: string[] = [];
    const enrolOn = async (key: string, username: string) => {
      assert.equal((await on(key, "enroll", username)).stderr, "");
      users.push(username);
      for (const one of ["a", "b"]) {
        for (const user of users) {
          assert.equal((await on(one, "show", "--secret", user)).stderr, "", `${user} on ${one}`);
        }
      }
    };
    const copyKey = () => Deno.copyFile(`${directory.path}/a`, `${directory.path}/b`);

    await on("a", "enroll", "root");
    users.push("root");
    await copyKey();
    await enrolOn("b", "daemon");

    const early = await on("a", "rekey", "--yes");
    assert.match(early.stderr, /other servers may share the database.*: run rekey --add first/);
    assert.equal(early.status, 1);

    const added = await on("a", "rekey", "--add", "--json");
    const { added: id } = JSON.parse(added.stdout);
    assert.deepEqual((await keysIn(`${directory.path}/a`)).at(-1), `next ${id}`);
    await enrolOn("a", "bin");
    assert.match((await on("a", "rekey", "--add")).stderr, /has a next key already/);

    await copyKey();
    await enrolOn("a", "sys");
    await enrolOn("b", "sync");
    const asked = await on("a", "rekey");
    assert.match(
      asked.stderr,
      new RegExp(`every server .* have the key ${id}\\?" without a terminal`),
    );
    assert.equal(asked.status, 2);

    const sealed = await on("a", "rekey", "--yes");
    assert.match(
      sealed.stdout,
      /^Sealed the secrets of 5 users .*\nCopy the key file to every server/,
    );
    assert.equal(await psql("SELECT DISTINCT key_id FROM openvpn_totp.enrolments"), id);
    await enrolOn("a", "games");
    // It still has the old key as the one to seal with, and another server can open that, too.
    await enrolOn("b", "man");
    assert.equal(await psql("SELECT count(DISTINCT key_id) FROM openvpn_totp.enrolments"), "2");

    // What is sealed with the older key is sealed with the newest one, and no further key is made.
    await on("a", "rekey", "--yes");
    assert.equal(await psql("SELECT DISTINCT key_id FROM openvpn_totp.enrolments"), id);
    await copyKey();
    await enrolOn("b", "lp");
    assert.equal(await psql("SELECT DISTINCT key_id FROM openvpn_totp.enrolments"), id);
  },
);

testWith([], "rekey --add of a database in a file gives the key that rekey takes", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  await admin(db, ["rekey", "--add"]);
  const [first, next] = await keysIn(keyFileOf(db));
  assert.match(next!, /^next /);
  assert.equal((await admin(db, ["rekey"])).status, 0);
  const id = next!.split(" ")[1];
  assert.deepEqual(await keysIn(keyFileOf(db)), [first, next, `key ${id}`]);
  assert.equal((await admin(db, ["show", "--secret", "root"])).status, 0);
  // The first key is not needed any more.
  const rest = (await Deno.readTextFile(keyFileOf(db))).replace(/^key .*\n/m, "");
  await Deno.writeTextFile(keyFileOf(db), rest);
  assert.equal((await admin(db, ["show", "--secret", "root"])).status, 0);
});

testWith([], "backup and restore leave a server's database to its own tools", async () => {
  await using directory = await makeTestDirectory();
  for (const command of ["backup", "restore"]) {
    const args = ["--database", "postgres://u@127.0.0.1:1/d", command, `${directory.path}/file`];
    const { status, stderr } = await run(PROGRAM, args);
    assert.match(
      stderr,
      /use pg_dump and pg_restore .* keep a copy of the key file somewhere else/,
    );
    assert.equal(status, 1);
  }
  assert.deepEqual([...Deno.readDirSync(directory.path)], []);
});
