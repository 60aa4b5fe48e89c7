import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { migrate, MIGRATIONS } from "../../src/store/sqlite/migrations.ts";
import { mustRun } from "../lab/command.ts";
import {
  admin,
  codeOf,
  enroll,
  keyFileOf,
  makeTestDirectory,
  mustGiveRecoveryCodes,
  on,
  PROGRAM,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { Terminal } from "../lab/terminal.ts";

const must = (db: string, ...args: string[]) => mustRun(PROGRAM, [...on(db), ...args]);

interface Shown {
  username: string;
  disabledAt: string | null;
  exemptSince: string | null;
}

async function usersOf(db: string): Promise<Shown[]> {
  return JSON.parse(await must(db, "list", "--json"));
}

async function namesOf(db: string): Promise<string[]> {
  return (await usersOf(db)).map(({ username }) => username);
}

/** A change of a test's database that no command makes. */
function sql(db: string, statement: string, ...values: (string | number)[]) {
  const connection = new DatabaseSync(db);
  try {
    connection.prepare(statement).run(...values);
  } finally {
    connection.close();
  }
}

testWith(
  [],
  "what backup makes, restore brings back where all is lost",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/backup`;
    const secret = await enroll(db, "root");
    await enroll(db, "daemon");
    const recoveryCodes = await mustGiveRecoveryCodes(db, "daemon");
    await must(db, "exempt", "link", "--from", "192.0.2.1");

    const told = await must(db, "backup", file);
    assert.match(
      told,
      /^Backed up 2 users to .*\/backup\.\nThe backup does not contain the key file /,
    );
    assert(told.includes(keyFileOf(db)));
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
    assert.deepEqual(
      [...Deno.readDirSync(path)].map(({ name }) => name).sort(),
      ["backup", "db"],
    );

    await Deno.remove(db);
    await must(db, "restore", file, "--yes");
    assert.deepEqual(await namesOf(db), ["daemon", "link", "root"]);
    assert.equal(Deno.statSync(db).mode! & 0o777, 0o600);
    const shown = JSON.parse(
      await must(db, "show", "root", "--secret", "--json"),
    );
    assert.equal(shown.secret, secret);
    const verify = (user: string, code: string) =>
      admin(db, ["verify", user, "--code-from", "-"], { stdin: code });
    // Nobody knows which codes were used meanwhile: those of now don't count.
    assert.match((await verify("root", codeOf(secret))).stdout, /already used/);
    assert.match(
      (await verify("daemon", recoveryCodes[0]!)).stdout,
      /This is a recovery code/,
    );
    assert.deepEqual(
      [...Deno.readDirSync(`${path}/db`)].map(({ name }) => name).sort(),
      ["token_index.sqlite3", "token_index.sqlite3.key"],
    );
  },
);

testWith(
  [],
  "restore undoes neither a used code nor what bars a user",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/backup`;
    const secret = await enroll(db, "root");
    await enroll(db, "gone");
    await must(db, "exempt", "link");
    await must(db, "backup", file);

    const code = codeOf(secret);
    const use = ["verify", "root", "--code-from", "-", "--use"];
    assert.equal((await admin(db, use, { stdin: code })).status, 0);
    await must(db, "disable", "root");
    await must(db, "delete", "gone");
    await must(db, "exempt", "--end", "link");
    await enroll(db, "later");
    const lockedUntil = Date.now() + 3_600_000;
    sql(db, "UPDATE enrolments SET locks = 1, locked_until = ?", lockedUntil);
    sql(
      db,
      "INSERT INTO decisions (at, step, outcome) VALUES (?, 'code', 'refused')",
      1,
    );

    const { status, stdout, stderr } = await admin(
      db,
      ["restore", file, "--yes", "--json"],
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      file,
      users: 2,
      returning: ["gone"],
      going: ["later"],
      exemptAgain: ["link"],
    });
    assert.equal(
      stderr,
      "Enrolled again: gone\nNo longer enrolled: later\n" +
        "Exempt again, without a code: link\n",
    );
    const users = await usersOf(db);
    assert.deepEqual(
      users.map(({ username, disabledAt }) => [username, disabledAt !== null]),
      [["gone", false], ["link", false], ["root", true]],
    );
    const again = await admin(db, use, { stdin: code });
    assert.match(
      again.stdout,
      /already used[^]*Locked until[^]*Disabled since/,
    );
    assert.equal(JSON.parse(await must(db, "log", "--json")).length, 1);
  },
);

testWith(
  [],
  "restore keeps used codes used where a secret was another meanwhile, and recovery codes",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/backup`;
    const secret = await enroll(db, "root");
    await enroll(db, "daemon");
    const [used, unused] = await mustGiveRecoveryCodes(db, "daemon");
    await enroll(db, "bin");
    const [replaced] = await mustGiveRecoveryCodes(db, "bin");
    await must(db, "exempt", "link");
    await must(db, "exempt", "--from", "192.0.2.1", "same");
    await must(db, "backup", file);

    const verify = (user: string, code: string, ...more: string[]) =>
      admin(db, ["verify", user, "--code-from", "-", ...more], { stdin: code });
    const code = codeOf(secret);
    assert.equal((await verify("root", code, "--use")).status, 0);
    await enroll(db, "root");
    assert.equal((await verify("daemon", used!, "--use")).status, 0);
    const [fresh] = await mustGiveRecoveryCodes(db, "bin");
    await must(db, "exempt", "--from", "192.0.2.1", "link");

    const told = await admin(db, ["restore", file, "--yes"]);
    assert.equal(told.stderr, "Exempt again, without a code: link\n");
    assert.match((await verify("root", code)).stdout, /already used/);
    assert.match((await verify("daemon", used!)).stdout, /^Wrong/);
    assert.match((await verify("daemon", unused!)).stdout, /^This is a recovery code/);
    assert.match((await verify("bin", replaced!)).stdout, /^Wrong/);
    assert.match((await verify("bin", fresh!)).stdout, /^This is a recovery code/);
  },
);

testWith(
  [],
  "restore takes a backup of an older schema, and leaves it as it is",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/backup`;
    await enroll(db, "root");
    makeOlder(file, db);
    const before = (await Deno.readFile(file)).toBase64();
    await must(db, "delete", "root");
    await must(db, "restore", file, "--yes");
    assert.deepEqual(await namesOf(db), ["root"]);
    assert.equal((await Deno.readFile(file)).toBase64(), before);
  },
);

/** Makes a backup as the program made it before the newest schema, with a database's users. */
function makeOlder(file: string, db: string): void {
  Deno.openSync(file, { write: true, createNew: true, mode: 0o600 }).close();
  using older = new DatabaseSync(file);
  migrate(older, file, MIGRATIONS.slice(0, -1));
  const columns = older.prepare("PRAGMA table_info(enrolments)").all().map(({ name }) => name);
  older.prepare("ATTACH ? AS present").run(db);
  older.exec(`INSERT INTO enrolments (${columns}) SELECT ${columns} FROM present.enrolments`);
}

testWith(
  [],
  "restore refuses what is no good backup, and changes nothing",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await enroll(db, "root");
    const good = `${path}/good`;
    await must(db, "backup", good);
    await enroll(db, "later");
    const cases: [name: string, make: (file: string) => void, error: RegExp][] = [
      ["missing", () => {}, /there is no backup at .*missing$/m],
      [
        "text",
        (file) => Deno.writeTextFileSync(file, "x".repeat(9999), { mode: 0o600 }),
        /text is not a backup that openvpn-totp made$/m,
      ],
      ["readable", (file) => {
        Deno.copyFileSync(good, file);
        Deno.chmodSync(file, 0o644);
      }, /users other than its owner have access: chmod 600/],
      ["newer", (file) => {
        Deno.copyFileSync(good, file);
        sql(file, "PRAGMA user_version = 99");
      }, /schema version 99, but this program knows versions up to/],
      ["trigger", (file) => {
        Deno.copyFileSync(good, file);
        sql(
          file,
          "CREATE TRIGGER t AFTER INSERT ON decisions BEGIN SELECT 1; END",
        );
      }, /has triggers or views/],
      ["torn", (file) => {
        const bytes = Deno.readFileSync(good);
        // Beyond the header's page: the tables' own.
        Deno.writeFileSync(file, bytes.fill(0xff, 4096, 8192), {
          mode: 0o600,
        });
      }, /is damaged|is corrupt/],
      ["in-use", (file) => {
        Deno.copyFileSync(good, file);
        Deno.writeTextFileSync(`${file}-journal`, "");
      }, /is a database in use and not a backup/],
      ["other-user", (file) => {
        Deno.copyFileSync(good, file);
        sql(file, "UPDATE enrolments SET username = 'daemon'");
      }, /the secret of "daemon" does not open/],
      ["orphan", (file) => {
        Deno.copyFileSync(good, file);
        sql(file, "PRAGMA foreign_keys = OFF");
        const connection = new DatabaseSync(file, {
          enableForeignKeyConstraints: false,
        });
        connection.exec("INSERT INTO recovery_codes VALUES ('ghost', 'x')");
        connection.close();
      }, /is damaged/],
    ];
    for (const [name, make, error] of cases) {
      make(`${path}/${name}`);
      const output = await admin(db, ["restore", `${path}/${name}`, "--yes"]);
      assert.equal(output.status, 1, name);
      assert.match(output.stderr, error, name);
      assert.match(output.stderr, /^openvpn-totp: [^\n]+\n$/, name);
      assert.deepEqual(await namesOf(db), ["later", "root"], name);
    }
    await Deno.remove(keyFileOf(db));
    const keyless = await admin(db, ["restore", good, "--yes"]);
    assert.match(keyless.stderr, /there is no key file/);
  },
);

testWith(
  [],
  "backup overwrites nothing, and leaves nothing where it fails",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await enroll(db, "root");
    await Deno.writeTextFile(`${path}/there`, "precious");
    const there = await admin(db, ["backup", `${path}/there`]);
    assert.equal(there.status, 1);
    assert.match(there.stderr, /already exists and was left alone/);
    assert.equal(await Deno.readTextFile(`${path}/there`), "precious");

    sql(
      db,
      "INSERT INTO decisions (at, step, outcome) VALUES (1, 'code', 'x')",
    );
    // Not the database's own, which is refused by itself.
    const others = `${path}/others`;
    await Deno.mkdir(others);
    await Deno.chmod(others, 0o777);
    // SQLite would take it for a part of the copy, and a link in the copy's place for the copy.
    await Deno.writeTextFile(`${others}/new-journal`, "another's");
    const open = await admin(db, ["backup", `${others}/new`]);
    assert.match(open.stderr, /others has mode 0777, so others can put/);
    assert.deepEqual(
      [...Deno.readDirSync(others)].map(({ name }) => name),
      ["new-journal"],
    );
  },
);

testWith(
  [],
  "backup checks the copy, and leaves none that isn't good",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await enroll(db, "root");
    const connection = new DatabaseSync(db, {
      enableForeignKeyConstraints: false,
    });
    connection.exec("INSERT INTO recovery_codes VALUES ('ghost', 'x')");
    connection.close();
    const before = Array.from(Deno.readDirSync(path), ({ name }) => name);
    const { status, stderr } = await admin(db, ["backup", `${path}/copy`]);
    assert.equal(status, 1);
    assert.match(stderr, /^openvpn-totp: .*copy is damaged[^\n]*\n$/);
    const after = Array.from(Deno.readDirSync(path), ({ name }) => name);
    assert.deepEqual(after, before);
  },
);

testWith(
  [],
  "backup takes what is committed, while somebody writes",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await enroll(db, "root");
    const writer = new DatabaseSync(db);
    try {
      writer.exec("BEGIN IMMEDIATE; UPDATE enrolments SET username = 'half'");
      await must(db, "backup", `${path}/backup`);
    } finally {
      writer.close();
    }
    await Deno.remove(db);
    await must(db, "restore", `${path}/backup`, "--yes");
    assert.deepEqual(await namesOf(db), ["root"]);
  },
);

testWith(["script"], "restore asks, and takes nothing but a yes", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  await enroll(db, "root");
  await must(db, "backup", `${path}/backup`);
  await enroll(db, "later");
  const args = ["restore", `${path}/backup`];
  const unasked = await admin(db, args);
  assert.equal(unasked.status, 2);
  assert.match(unasked.stderr, /without a terminal: use --yes/);
  const answer = async (keys: string) => {
    await using terminal = new Terminal(
      [PROGRAM, ...on(db), ...args].join(" "),
    );
    await terminal.press(/Replace all users with the 1 user in .*\? \[y\/N\] $/, keys);
    return await terminal.end();
  };
  for (const no of ["\n", "n\n", "yellow\n", "\x04", "\x03"]) {
    assert.notEqual((await answer(no)).status, 0);
    assert.deepEqual(await namesOf(db), ["later", "root"]);
  }
  await Deno.rename(db, `${db}.away`);
  // An empty database refuses no more: totpUnenrolled allow lets everybody in.
  assert.notEqual((await answer("n\n")).status, 0);
  assert.throws(() => Deno.statSync(db), Deno.errors.NotFound);
  await Deno.rename(`${db}.away`, db);
  assert.match((await answer("y\n")).screen, /Restored 1 user from/);
  assert.deepEqual(await namesOf(db), ["root"]);
});
