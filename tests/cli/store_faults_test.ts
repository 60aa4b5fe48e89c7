import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { mustRun, run } from "../lab/command.ts";
import { admin, base64, codeOf, enroll, keyFileOf, makeTestDirectory } from "../lab/program.ts";
import { playAttempt } from "../lab/hook_call.ts";
import { type EnrolledUser, LOG_LINE, ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";
import { testWith } from "../lab/requirements.ts";

const NOBODY = 65534;

/** A fault that can be made and fixed. */
interface Fault {
  name: string;
  /** What the log line says. */
  says: RegExp;
  /** What it hits; only a code needs the key file. */
  hits?: "code";
  /** Makes the fault; gives what fixes it. */
  make(paths: { db: string; key: string; directory: string }): Promise<
    () => Promise<unknown>
  >;
}

/** Changes a file's content, and puts it back. */
function changed(change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array) {
  return async ({ db }: { db: string }) => {
    const before = await Deno.readFile(db);
    await Deno.writeFile(db, change(before.slice()));
    return () => Deno.writeFile(db, before);
  };
}

function moved(which: "db" | "key", then: (path: string) => Promise<unknown>) {
  return async (paths: { db: string; key: string }) => {
    const path = paths[which];
    await Deno.rename(path, `${path}.away`);
    await then(path);
    return () => Deno.rename(`${path}.away`, path);
  };
}

async function withMode(path: string, mode: number) {
  const before = (await Deno.stat(path)).mode! & 0o7777;
  await Deno.chmod(path, mode);
  return () => Deno.chmod(path, before);
}

async function withOwner(path: string) {
  await Deno.chown(path, NOBODY, NOBODY);
  return () => Deno.chown(path, 0, 0);
}

/** Root's hook has that user's rights, who may not enter a directory of root's. */
const DENIED_AS_OWNER = /database_denied: no permission to open \S+ as uid 65534: the file or a/;

const FAULTS: Fault[] = [
  {
    name: "deleted",
    says: /database_missing/,
    make: moved("db", () => Promise.resolve()),
  },
  {
    name: "empty",
    says: /database_missing/,
    make: changed(() => new Uint8Array()),
  },
  {
    name: "truncated to a part of its header",
    says: /database_foreign/,
    make: changed((bytes) => bytes.subarray(0, 60)),
  },
  {
    name: "truncated to its first page",
    says: /database_corrupt/,
    make: changed((bytes) => bytes.subarray(0, 4096)),
  },
  {
    name: "truncated in the middle",
    says: /database_corrupt/,
    make: changed((bytes) => bytes.subarray(0, bytes.length / 2)),
  },
  {
    name: "garbage",
    says: /database_foreign/,
    make: changed((bytes) => bytes.fill(0x5a)),
  },
  {
    name: "garbage behind its header",
    says: /database_corrupt/,
    make: changed((bytes) => bytes.fill(0x5a, 100)),
  },
  {
    name: "another program's",
    says: /database_foreign/,
    make: moved("db", (path) => {
      using other = new DatabaseSync(path);
      other.exec("CREATE TABLE tokens (secret TEXT)");
      return Promise.resolve();
    }),
  },
  {
    name: "of a newer schema",
    says: /database_newer/,
    make({ db }) {
      using database = new DatabaseSync(db);
      const { user_version } = database.prepare("PRAGMA user_version").get()!;
      database.exec("PRAGMA user_version = 999");
      return Promise.resolve(() => {
        using database = new DatabaseSync(db);
        database.exec(`PRAGMA user_version = ${user_version}`);
        return Promise.resolve();
      });
    },
  },
  {
    name: "readable for its group",
    says: /untrusted_path: \S+ has mode 0640/,
    make: ({ db }) => withMode(db, 0o640),
  },
  {
    name: "writable for all",
    says: /untrusted_path: \S+ has mode 0606/,
    make: ({ db }) => withMode(db, 0o606),
  },
  {
    name: "another user's",
    says: DENIED_AS_OWNER,
    make: ({ db }) => withOwner(db),
  },
  {
    name: "in a directory that others can write in",
    says: /untrusted_path: the directory \S+\/db has mode 0770/,
    make: ({ directory }) => withMode(`${directory}/db`, 0o770),
  },
  {
    name: "below a directory that others can write in",
    says: /untrusted_path: the directory \S+ has mode 0707/,
    make: ({ directory }) => withMode(directory, 0o707),
  },
  {
    name: "in another user's directory",
    says: DENIED_AS_OWNER,
    make: ({ directory }) => withOwner(`${directory}/db`),
  },
  {
    name: "a link that somebody else made",
    says: DENIED_AS_OWNER,
    make: moved("db", async (path) => {
      await Deno.symlink(`${path}.away`, path);
      await mustRun("chown", ["-h", `${NOBODY}`, path]);
    }),
  },
  {
    name: "a link to nowhere",
    says: /untrusted_path: \S+ is a symbolic link that leads nowhere/,
    make: moved("db", (path) => Deno.symlink("nowhere", path)),
  },
  {
    name: "without its key file",
    says: /key_missing/,
    hits: "code",
    make: moved("key", () => Promise.resolve()),
  },
  {
    name: "with another's key file",
    says: /key_wrong/,
    hits: "code",
    make: moved("key", async (path) => {
      await using other = await makeTestDirectory();
      await enroll(other.db, "root");
      await Deno.copyFile(keyFileOf(other.db), path);
    }),
  },
  {
    name: "with a key file of garbage",
    says: /key_wrong/,
    hits: "code",
    make: moved(
      "key",
      (path) => Deno.writeTextFile(path, "garbage\n\0", { mode: 0o600 }),
    ),
  },
  {
    name: "with a key file that others can read",
    says: /untrusted_path: \S+ has mode 0644/,
    hits: "code",
    make: ({ key }) => withMode(key, 0o644),
  },
];

/** Calls the program while a fault lasts. */
async function tryBoth(
  { username, password, secret, ...user }: EnrolledUser,
  fault: Fault,
): Promise<void> {
  const challenged = await user.attempt();
  assert.equal((await challenged.password(username, password)).status, 2);
  const fresh = await user.attempt();
  const fix = await fault.make({
    db: user.db,
    key: keyFileOf(user.db),
    directory: user.directory,
  });
  try {
    const answer = await challenged.answer(base64(codeOf(secret)));
    assert.equal(answer.status, 1);
    assert.match(answer.stderr, LOG_LINE);
    assert.match(answer.stderr, /step=code outcome=refused reason=failure /);
    assert.match(answer.stderr, fault.says);
    assert.equal(await challenged.control(), "0");
    if (fault.hits === "code") return;

    const first = await fresh.password(username, password);
    assert.equal(first.status, 1);
    assert.match(first.stderr, LOG_LINE);
    assert.match(first.stderr, /step=password outcome=refused reason=failure /);
    assert.match(first.stderr, fault.says);
    assert.equal(await fresh.pending(), "");
    assert.equal(await fresh.control(), "");
  } finally {
    await fix();
  }
}

testWith(
  ROOT_AND_ACCOUNT,
  "a database in whatever state refuses with a line, and is right again afterwards",
  async (t) => {
    await withUser(async (user) => {
      const { username, password, secret, db } = user;
      for (const fault of FAULTS) {
        await t.step(`a database ${fault.name}`, async () => {
          await tryBoth(user, fault);
          const shown = await admin(db, ["show", "--secret", username]);
          assert(shown.stdout.includes(secret), shown.stderr);
        });
      }
      const login = await user.attempt();
      assert.equal((await login.password(username, password)).status, 2);
      const { status, stderr } = await login.answer(base64(codeOf(secret)));
      assert.equal(status, 0, stderr);
      assert.equal(await login.control(), "1");
    });
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a full disk and a read-only one refuse each step, and are right again afterwards",
  async () => {
    await withUser(async ({ username, password, directory }) => {
      const mount = `${directory}/mount`;
      await Deno.mkdir(mount);
      await mustRun("mount", [
        ...["-t", "tmpfs", "-o", "size=192k,mode=0700", "none", mount],
      ]);
      try {
        const db = `${mount}/tokens`;
        const secret = await enroll(db, username);
        const attempt = () => playAttempt(directory, { totpTokenDbPath: db });
        const refused = async (says: RegExp) => {
          const fresh = await attempt();
          for (
            const call of [
              () => challenged.answer(base64(codeOf(secret))),
              () => fresh.password(username, password),
            ]
          ) {
            const { status, stderr } = await call();
            assert.equal(status, 1);
            assert.match(stderr, LOG_LINE);
            assert.match(stderr, says);
          }
          assert.equal(await challenged.control(), "0");
          assert.equal(await fresh.pending(), "");
        };
        let challenged = await attempt();
        assert.equal((await challenged.password(username, password)).status, 2);
        await mustRun("mount", ["-o", "remount,ro", mount]);
        await refused(/reason=failure .*database_readonly/);
        await mustRun("mount", ["-o", "remount,rw", mount]);

        challenged = await attempt();
        assert.equal((await challenged.password(username, password)).status, 2);
        await run("dd", ["if=/dev/zero", `of=${mount}/fill`, "bs=1k"]);
        await refused(/reason=failure .*database_full/);
        await Deno.remove(`${mount}/fill`);

        const login = await attempt();
        assert.equal((await login.password(username, password)).status, 2);
        const { status } = await login.answer(base64(codeOf(secret)));
        assert.equal(status, 0);
      } finally {
        await mustRun("umount", [mount]);
      }
    });
  },
);
