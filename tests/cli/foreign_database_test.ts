import assert from "node:assert/strict";
import { withOwnersRights } from "../../src/admin/owners_rights.ts";
import { openCopySource } from "../../src/store/open_store.ts";
import { testAlone } from "../lab/alone.ts";
import { mustRun, run } from "../lab/command.ts";
import { type ForeignPlace, makeForeignPlace } from "../lab/foreign_place.ts";
import { canaryOf, changed, setTrap, type Trap, TRAPS } from "../lab/foreign_traps.ts";
import { hotJournal } from "../lab/hot_journal.ts";
import { codeOf, on, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { Terminal } from "../lab/terminal.ts";

const ROOT_AND_ACCOUNT = ["root", "useradd"] as const;

/** Runs a command of root's that must succeed; gives its standard output. */
async function must({ asRoot }: ForeignPlace, args: string[], stdin?: string): Promise<string> {
  const { status, stdout, stderr } = await asRoot(args, stdin);
  assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function findingsOf({ asRoot, config }: ForeignPlace) {
  const { stdout, stderr } = await asRoot(["doctor", "--config", config, "--json"]);
  assert(stdout.startsWith("{"), stderr);
  const { findings } = JSON.parse(stdout) as {
    findings: { id: string; level: string; what: string }[];
  };
  return findings.filter(({ id }) => ["database", "database_write", "secrets"].includes(id))
    .map(({ id, level, what }) => `${level} ${id}: ${what}`);
}

testWith(
  ROOT_AND_ACCOUNT,
  "every command of root's works on another user's database, and the files stay that user's",
  async () => {
    await using place = await makeForeignPlace();
    const { own, rootOnly, db, requireOwned } = place;
    const out = (name: string) => `${rootOnly}/${name}`;
    await Deno.writeTextFile(out("users"), "daemon\nbin\n");
    const [, secret] = (await must(place, ["enroll", "alice", "--qr", out("alice.svg")]))
      .split("\n");
    await requireOwned();
    await must(place, ["enroll", "--from", out("users"), "--sheets", out("sheets")]);
    await must(place, ["verify", "alice", "--code-from", "-"], codeOf(secret!));
    await must(place, ["recovery", "alice"]);
    for (const command of ["disable", "enable", "unlock", "exempt", "show"]) {
      await must(place, [command, "alice"]);
    }
    assert.match(await must(place, ["log"]), /The audit trail is empty/);
    await must(place, ["rekey"]);
    await must(place, ["backup", out("backup")]);
    await must(place, ["export", out("export"), "--yes"]);
    await must(place, ["delete", "daemon"]);
    await must(place, ["restore", out("backup"), "--yes"]);
    await must(place, ["delete", "alice"]);
    await must(place, ["import", out("export"), "--yes", "--replace"]);
    const completed = await must(place, [
      "complete",
      "--",
      "zsh",
      "",
      "--db",
      db,
      "show",
    ]);
    assert.match(completed, /^alice$/m);
    assert.match(await must(place, ["show", "alice", "--secret"]), new RegExp(secret!));
    assert.deepEqual(await findingsOf(place), [
      `ok database: ${db} opens, 3 users enrolled`,
      "ok database_write: a login can write to it (tested without writing anything)",
      "ok secrets: every secret opens and gives a code",
    ]);

    await requireOwned();
    assert.deepEqual([...Deno.readDirSync(own)].map(({ name }) => name).sort(), ["db", "db.key"]);
    for (const name of ["alice.svg", "backup", "export"]) {
      const { uid, mode } = Deno.statSync(out(name));
      assert.deepEqual([uid, mode! & 0o777], [0, 0o600], name);
    }
    // The user, as whom OpenVPN runs the program, can use all of it.
    const { status, stderr } = await place.asUser(["show", "alice", "--secret"]);
    assert.equal(status, 0, stderr);
    assert.equal((await place.asUser(["backup", `${own}/backup`])).status, 0);
    await must(place, ["restore", `${own}/backup`, "--yes"]);
  },
);

testWith(
  ["root", "useradd", "strace"],
  "doctor changes nothing in another user's directory, and opens nothing there with root's rights",
  async () => {
    await using place = await makeForeignPlace();
    const { own, db, config, rootOnly } = place;
    await must(place, ["enroll", "alice"]);
    const before = await mustRun("find", [own, "-printf", "%p %i %m %U %s %T@ %C@\n"]);
    const trace = `${rootOnly}/trace`;
    await mustRun("strace", [
      ...["-f", "-o", trace, "-e", "trace=%file,setresuid,write,pwrite64,ftruncate"],
      ...[PROGRAM, "doctor", "--config", config],
    ]);
    assert.equal(await mustRun("find", [own, "-printf", "%p %i %m %U %s %T@ %C@\n"]), before);
    const lines = Deno.readTextFileSync(trace).split("\n");
    let user = 0;
    let opened = 0;
    for (const line of lines) {
      const [, uid] = line.match(/setresuid\(\S+ (\d+),/) ?? [];
      if (uid !== undefined) user = Number(uid);
      if (!line.includes(`"${db}`)) continue;
      assert.doesNotMatch(line, /unlink|rename|mkdir|chmod|chown/, line);
      // node:sqlite opens each database so; it is there.
      assert(!line.includes("O_CREAT") || line.includes(`"${db}", O_RDWR|`), line);
      if (!/ open(at)?\(/.test(line)) continue;
      opened++;
      assert.equal(user, place.uid, line);
    }
    assert(opened > 2, "the trace was read");
  },
);

testWith(
  ["root", "useradd", "script"],
  "all threads have the owner's rights, and the owner can neither signal nor trace the process",
  async () => {
    await using place = await makeForeignPlace();
    const { db, rootOnly, uid, gid } = place;
    await must(place, ["enroll", "alice"]);
    await must(place, ["backup", `${rootOnly}/backup`]);
    await using terminal = new Terminal(
      `${PROGRAM} ${on(db).join(" ")} restore ${rootOnly}/backup`,
    );
    await terminal.shows(/Replace all users/);
    const pid = (await mustRun("pgrep", ["-f", `${db}.key restore ${rootOnly}/backup`]))
      .trim().split("\n").find((pid) => Deno.readLinkSync(`/proc/${pid}/exe`) === PROGRAM)!;
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
    // A signature in between has taken a second thread.
    assert(threads.length > 1, "there are several threads");
    const group = `${gid}`;
    for (const thread of threads) {
      const status = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/status`);
      const [, uids] = status.match(/^Uid:\t(.*)$/m)!;
      assert.equal(uids, `0\t${uid}\t0\t${uid}`);
      assert.equal(status.match(/^Gid:\t\d+\t(\d+)/m)![1], group);
      assert.equal(status.match(/^Groups:\t(.*?) *$/m)![1], group);
      assert.match(status, /^CapEff:\t0+$/m);
    }
    assert.equal(Deno.statSync(`/proc/${pid}/mem`).uid, 0, "the process is not dumpable");
    const ids = ["--reuid", `${uid}`, "--regid", group, "--clear-groups"];
    const kill = await run("setpriv", [...ids, "kill", "-STOP", pid]);
    assert.match(kill.stderr, /not permitted/);
    await terminal.type(/Replace all users/, "y");
    const { status, screen } = await terminal.end();
    assert.equal(status, 0, screen);
  },
);

/** What root may do; each gets arguments of its own, so that none stands in another's way. */
function commandsOf({ rootOnly }: ForeignPlace, { onlyKey, isOneOfMany }: Trap): string[][] {
  const ofEachKind = [
    ["enroll", "--replace", "bob"],
    ["show", "--secret", "alice"],
    ["restore", `${rootOnly}/backup`, "--yes"],
  ];
  if (isOneOfMany) return ofEachKind;
  const withKey = [...ofEachKind, ["rekey"], ["export", "-", "--yes"]];
  const others = [["list"], ["log"], ["disable", "alice"], ["backup", `${rootOnly}/another`]];
  return onlyKey ? withKey : [...others, ...withKey];
}

testWith(
  ROOT_AND_ACCOUNT,
  "whatever a user puts in the place of database and key file, nothing of root's is touched",
  async (t) => {
    await using place = await makeForeignPlace();
    const { own, rootOnly, config, asRoot } = place;
    await must(place, ["enroll", "alice"]);
    await must(place, ["backup", `${rootOnly}/backup`]);
    const saved = `${rootOnly}/saved.tar`;
    await mustRun("tar", ["-C", own, "-cf", saved, "."]);
    const before = place.rootsFiles();
    const reset = (trap: Trap) => setTrap(trap, place, saved);
    const list = (...which: string[]) =>
      mustRun("find", [own, ...which, "-printf", "%p %i %m %U %s %T@\n"]);
    for (const trap of TRAPS) {
      await t.step(trap.name, async () => {
        await reset(trap);
        const there = await list();
        const findings = (await findingsOf(place)).join("\n");
        if (trap.found === undefined) assert.doesNotMatch(findings, /^(?!ok)/m);
        else assert.match(findings, trap.found);
        assert.equal(await list(), there);

        // What is refused changes no file, so that the trap is still there for the next one.
        const files = await list("-mindepth", "1");
        for (const args of commandsOf(place, trap)) {
          if (trap.says === undefined) await reset(trap);
          const { status, stderr } = await asRoot(args);
          const said = `${args.join(" ")}: ${status} ${stderr}`;
          if (trap.says === undefined) {
            assert.equal(status, 0, said);
            assert.equal(await list("-newer", config, "-user", "root", "-type", "f"), "", said);
          } else {
            assert.equal(status, 1, said);
            assert.match(stderr, trap.says, said);
            assert.equal(await list("-mindepth", "1"), files, said);
          }
          await Deno.remove(`${rootOnly}/another`).catch(() => {});
          assert.equal(place.rootsFiles(), before, said);
        }
      });
    }
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a journal that is put there between a look and the opening is played back without root's rights",
  async () => {
    await using place = await makeForeignPlace();
    const { own, db, uid, gid, asRoot } = place;
    await must(place, ["enroll", "alice"]);
    const before = place.rootsFiles();
    const journal = hotJournal(await Deno.readFile(db), canaryOf(place));
    await Deno.writeFile(`${own}/trap`, journal, { mode: 0o600 });
    await Deno.chown(`${own}/trap`, uid, gid);
    const script = 'while :; do cp "$0/trap" "$0/db-journal"; rm -f "$0/db-journal"; done';
    const ids = ["--reuid", `${uid}`, "--regid", `${gid}`, "--clear-groups"];
    const attacker = new Deno.Command("setpriv", {
      args: [...ids, "sh", "-c", script, own],
      stderr: "null",
    }).spawn();
    try {
      for (let i = 0; i < 10; i++) {
        await findingsOf(place);
        await asRoot(["list"]);
        await asRoot(["exempt", "bob"]);
        assert.equal(place.rootsFiles(), before);
      }
      await place.requireOwned();
    } finally {
      attacker.kill("SIGKILL");
      await attacker.status;
    }
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "database and key file of different users are refused with what to do",
  async () => {
    await using place = await makeForeignPlace();
    const { own, db, key, rootOnly, asRoot } = place;
    await must(place, ["enroll", "alice"]);
    const refuses = async (paths: string[], says: RegExp) => {
      const { status, stderr } = await run(PROGRAM, [...paths, "show", "--secret", "alice"]);
      assert.equal(status, 1);
      assert.match(stderr, says);
    };
    await Deno.copyFile(key, `${rootOnly}/key`);
    await refuses(
      ["--db", db, "--key", `${rootOnly}/key`],
      /no permission to use the key file .*: the database or a directory above it belongs to this user, so the key file /,
    );
    await Deno.copyFile(db, `${rootOnly}/db`);
    await refuses(
      ["--db", `${rootOnly}/db`, "--key", key],
      /own belongs to uid \d+, but this is uid 0/,
    );
    await Deno.chown(key, 1, 1);
    await refuses(on(db), /key belongs to uid 1, but this is uid \d+/);
    // No key is made where the user could not use it.
    await Deno.remove(key);
    const enrolled = await asRoot(["delete", "alice"]);
    assert.equal(enrolled.status, 0, enrolled.stderr);
    const args = ["--db", db, "--key", `${rootOnly}/none/key`, "enroll", "bob"];
    assert.equal((await run(PROGRAM, args)).status, 1);
    assert.deepEqual([...Deno.readDirSync(rootOnly)].some(({ name }) => name === "none"), false);
    assert.deepEqual([...Deno.readDirSync(own)].map(({ name }) => name), ["db"]);
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "doctor looks at another user's database as root's hooks do, with that user's rights",
  async () => {
    await using place = await makeForeignPlace();
    const { own, db, config, rootOnly } = place;
    await must(place, ["enroll", "alice"]);
    const lines = Deno.readTextFileSync(config).split("\n");
    await Deno.writeTextFile(config, lines.filter((line) => !line.startsWith("user ")).join("\n"));
    const before = await mustRun("find", [own, "-printf", "%p %i %m %U %s %T@\n"]);
    assert.deepEqual(await findingsOf(place), [
      `ok database: ${db} opens, 1 user enrolled`,
      "ok database_write: a login can write to it (tested without writing anything)",
      "ok secrets: every secret opens and gives a code",
    ]);
    assert.equal(await mustRun("find", [own, "-printf", "%p %i %m %U %s %T@\n"]), before);
    // Root could read it, but a hook takes the rights of the database's owner.
    await Deno.copyFile(place.key, `${rootOnly}/key`);
    await Deno.chmod(`${rootOnly}/key`, 0o600);
    const text = Deno.readTextFileSync(config);
    await Deno.writeTextFile(config, text.replace(`${db}.key`, `${rootOnly}/key`));
    assert.match((await findingsOf(place)).join("\n"), /no permission to use the key file/);
  },
);

testWith(
  ROOT_AND_ACCOUNT,
  "a value that would take all memory is refused",
  async () => {
    await using place = await makeForeignPlace();
    await must(place, ["enroll", "alice"]);
    await changed("UPDATE enrolments SET issuer = hex(zeroblob(150000000))")(place);
    for (const args of [["list"], ["show", "alice"], ["export", "-", "--yes"]]) {
      const { status, stdout, stderr } = await place.asRoot(args);
      assert.equal(status, 1);
      assert.equal(stdout, "");
      assert.match(stderr, /needs more memory than is free/);
    }
    assert.match((await findingsOf(place)).join(""), /^problem database: .*needs more memory/);
  },
);

testAlone(
  import.meta.url,
  ROOT_AND_ACCOUNT,
  "a journal that is put beside what database copy reads has root delete nothing",
  async () => {
    await using place = await makeForeignPlace();
    const { own, db, uid, gid } = place;
    await must(place, ["enroll", "alice"]);
    const before = place.rootsFiles();
    // The user keeps the copy by another name before it goes, and puts it back.
    const remove = Deno.removeSync;
    let directory = "";
    Deno.removeSync = (path, options) => {
      directory = String(path);
      if (directory.includes("/.copy-")) Deno.linkSync(`${directory}/copy`, `${own}/kept`);
      remove(path, options);
    };
    let source;
    try {
      source = await withOwnersRights(db, () => openCopySource({ engine: "sqlite", path: db }));
    } finally {
      Deno.removeSync = remove;
    }
    using opened = source;
    Deno.mkdirSync(directory);
    Deno.renameSync(`${own}/kept`, `${directory}/copy`);
    const journal = hotJournal(await Deno.readFile(`${directory}/copy`), canaryOf(place));
    await Deno.writeFile(`${directory}/copy-journal`, journal, { mode: 0o600 });
    for (const path of [directory, `${directory}/copy-journal`]) Deno.chownSync(path, uid, gid);
    assert.equal((await opened.counts()).get("enrolments"), 1);
    opened[Symbol.dispose]();
    assert.equal(place.rootsFiles(), before);
  },
);
