import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { TOTP } from "otpauth";
import { makeAccount } from "../lab/accounts.ts";
import { mustRun, type Output, run } from "../lab/command.ts";
import { playAttempt } from "../lab/hook_call.ts";
import {
  admin,
  base64,
  codeOf,
  enroll,
  makeTestDirectory,
  on,
  PROGRAM,
  type TestDirectory,
} from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { CTRL_C, Terminal } from "../lab/terminal.ts";

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const OTHER_SECRET = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U";

/** Writes a source into the test's directory. */
async function source(
  { path }: TestDirectory,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  const file = `${path}/${name}`;
  await Deno.writeFile(
    file,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  return file;
}

const uri = (user: string, secret = SECRET) => `otpauth://totp/${user}?secret=${secret}\n`;

/** What `show --secret` says of a user. */
async function shown(db: string, user: string) {
  const { status, stdout, stderr } = await admin(db, [
    ...["show", "--json", "--secret", "--", user],
  ]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** Everything that is on the disk of a database, and whether it is there at all. */
function bytesOf({ path }: TestDirectory): string {
  const entries = Array.from(Deno.readDirSync(path), ({ name }) => name)
    .filter((name) => name.startsWith("db"));
  return entries.map((name) =>
    [...Deno.readDirSync(`${path}/${name}`)].map((entry) =>
      entry.name + Deno.readFileSync(`${path}/${name}/${entry.name}`).toHex()
    ).join()
  ).join();
}

/** Asserts that nothing was imported: one line of why, and no secret anywhere. */
function assertNothing(output: Output, status: number, why: RegExp): void {
  assert.equal(output.status, status, output.stderr);
  assert.match(output.stderr, /^openvpn-totp: [^\n]+\n$/);
  assert.match(output.stderr, why);
  assertTellsNoSecret(output);
}

function assertTellsNoSecret({ stdout, stderr }: Output): void {
  for (const secret of [SECRET, OTHER_SECRET]) {
    assert(!(stdout + stderr).includes(secret), stdout + stderr);
  }
}

testWith([], "import enrols the users of each format", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const hex = "3132333435363738393031323334353637383930";
  const files: Record<string, string> = {
    uris: `otpauth://totp/VPN:u1?secret=${SECRET}&period=60&digits=8&algorithm=SHA256\n`,
    oath: `HOTP/T60/8\tu2\t-\t${hex}\n`,
    secrets: `u3 otp totp:sha512:hex:${hex}:1234:x *\n`,
    csv: `username;secret;digits\nu4;${SECRET};7\n`,
    migration:
      "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC\n",
    pickle: `(dp0\nVu5\np1\nV${SECRET}\np2\ns.`,
  };
  const paths = await Promise.all(
    Object.entries(files).map(([name, text]) => source(directory, name, text)),
  );
  const output = await admin(db, ["import", "--yes", ...paths]);
  assert.equal(output.status, 0, output.stderr);
  assertTellsNoSecret(output);
  assert.match(output.stdout, /^USER +ACTION +CODES /);
  assert.match(output.stdout, /^u1 +new +SHA256, 8 digits, 60 s +0 +VPN /m);
  assert.match(output.stdout, /^- the PIN: .* \(u3\)$/m);
  assert.match(output.stdout, /\nImported 6 users\.\n$/);
  assert.match(output.stderr, /warning: the system has no account for "u1", "u2"/);
  const parameters = async (user: string) => {
    const { secret, algorithm, digits, periodSeconds, issuer } = await shown(
      db,
      user,
    );
    return [secret, algorithm, digits, periodSeconds, issuer];
  };
  const issuer = "OpenVPN Server";
  assert.deepEqual(await parameters("u1"), [SECRET, "SHA256", 8, 60, "VPN"]);
  assert.deepEqual(await parameters("u2"), [SECRET, "SHA1", 8, 60, issuer]);
  assert.deepEqual(await parameters("u3"), [SECRET, "SHA512", 6, 30, issuer]);
  assert.deepEqual(await parameters("u4"), [SECRET, "SHA1", 7, 30, issuer]);
  assert.deepEqual(await parameters("u5"), [SECRET, "SHA1", 6, 30, issuer]);
  assert.equal((await shown(db, "alice@google.com")).issuer, "Example");
});

testWith(
  ["python3"],
  "import reads the older script's index and a newer one's database, as Python writes them",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const script = `import pickle, sqlite3, sys
path, secret = sys.argv[1:]
pickle.dump({"old 1": secret, "o'ld": secret}, open(path + "/pyotp_index.db", "wb"), -1)
for name in ("plain?#%.sqlite3", "wal.sqlite3"):
    db = sqlite3.connect(path + "/" + name)
    if name[0] == "w": db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE tokens (username TEXT PRIMARY KEY, secret TEXT NOT NULL)")
    db.execute("INSERT INTO tokens VALUES (?, ?)", (name, secret))
    db.commit()
    if name[0] == "w":
        db.execute("PRAGMA wal_checkpoint(FULL)")
        db.execute("INSERT INTO tokens VALUES ('late', ?)", (secret,))
        db.commit()
        import os
        os._exit(0)
    db.close()`;
    await mustRun("python3", ["-c", script, path, SECRET]);
    const copies = () =>
      [...Deno.readDirSync("/run")].filter(({ name }) => name.startsWith("openvpn-totp-import-"));
    const listing = () => [...Deno.readDirSync(path)].map((e) => e.name).sort();

    const plain = `${path}/plain?#%.sqlite3`;
    const before = [Deno.readFileSync(plain), listing()];
    const both = [plain, `${path}/pyotp_index.db`];
    const output = await admin(db, ["import", "--yes", ...both]);
    assert.equal(output.status, 0, output.stderr);
    assertTellsNoSecret(output);
    for (const user of ["old 1", "o'ld", "plain?#%.sqlite3"]) {
      assert.equal((await shown(db, user)).secret, SECRET);
    }
    assert.deepEqual(Deno.readFileSync(plain), before[0]);
    assert.deepEqual(listing().filter((name) => name !== "db"), before[1]);

    assert.deepEqual(copies(), []);

    // What is only in the log beside it would be missing, unnoticed.
    assertNothing(
      await admin(db, ["import", "--yes", `${path}/wal.sqlite3`]),
      1,
      /it is incomplete without ".*wal\.sqlite3-wal"/,
    );
    const link = `${path}/db/link.sqlite3`;
    Deno.symlinkSync("../wal.sqlite3", link);
    assertNothing(
      await admin(db, ["import", "--yes", link]),
      1,
      /it is incomplete without ".*wal\.sqlite3-wal"/,
    );
    Deno.removeSync(link);
    using late = new DatabaseSync(`${path}/wal.sqlite3`);
    late.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const whole = await admin(db, ["import", "--yes", `${path}/wal.sqlite3`]);
    assert.equal(whole.status, 0, whole.stderr);
    assert.equal((await shown(db, "late")).secret, SECRET);

    assertNothing(
      await admin(db, ["import", "--yes", db]),
      1,
      /it is a database of openvpn-totp itself: use restore or export/,
    );
  },
);

testWith(
  ["google-authenticator", "root"],
  "import reads google-authenticator's own files, of whoever owns them",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/file`;
    await mustRun("google-authenticator", [
      ...["-t", "-d", "-f", "-r", "3", "-R", "30", "-w", "3", "-q"],
      ...["-S", "60", "-s", file],
    ]);
    const secret = (await Deno.readTextFile(file)).split("\n")[0]!;
    const imported = async (...args: string[]) => {
      const output = await admin(db, ["import", "--yes", ...args]);
      assert(!(output.stdout + output.stderr).includes(secret));
      return output;
    };
    assertNothing(
      await imported(file),
      1,
      /the owner of ".*file" is unknown: give it as USER=FILE, or use --user/,
    );
    await Deno.chown(file, 1, 1);
    const byOwner = await imported(file);
    assert.equal(byOwner.status, 0, byOwner.stderr);
    assert.match(byOwner.stdout, /^daemon +new +SHA1, 6 digits, 60 s +5 /m);
    assert.match(byOwner.stdout, /^- RATE_LIMIT: .* \(daemon\)$/m);
    const daemon = await shown(db, "daemon");
    assert.equal(daemon.secret, secret);
    assert.equal(daemon.recoveryCodesLeft, 5);
    assert.equal(daemon.periodSeconds, 60);

    assert.equal((await imported(`a b=${file}`)).status, 0);
    assert.equal((await imported("--user", "c", file)).status, 0);
    assert.deepEqual(
      [(await shown(db, "a b")).secret, (await shown(db, "c")).secret],
      [secret, secret],
    );
    assertNothing(await imported("--user", "d", file, file), 2, /single file/);
    assertNothing(await imported(`\n=${file}`), 2, /cannot be a username/);
    const table = await source(directory, "table", `username,secret\nx,${SECRET}\n`);
    assertNothing(
      await imported(`y=${table}`),
      2,
      /is in the format csv, which contains usernames/,
    );
  },
);

testWith(["root"], "import reads a directory of files that are named after users", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  const otp = `${path}/otp`;
  Deno.mkdirSync(otp);
  const write = async (name: string, secret: string, uid: number) => {
    await Deno.writeTextFile(`${otp}/${name}`, `${secret}\n" TOTP_AUTH\n`);
    await Deno.chown(`${otp}/${name}`, uid, uid);
  };
  await write("alice.google_authenticator", SECRET, 0);
  await write("daemon.google_authenticator", OTHER_SECRET, 1);
  await write("readme", SECRET, 0);
  Deno.symlinkSync("readme", `${otp}/link.google_authenticator`);
  const output = await admin(db, ["import", "--yes", `${otp}/`]);
  assert.equal(output.status, 0, output.stderr);
  assertTellsNoSecret(output);
  assert.match(output.stdout, /^alice +new .*\/otp\/alice\.google_authenticator, line 1$/m);
  assert.match(output.stderr, /only files named .* are read in ".*", not "[^"]+", "[^"]+"\n/);
  assert.equal((await shown(db, "alice")).secret, SECRET);
  assert.equal((await shown(db, "daemon")).secret, OTHER_SECRET);

  // Whoever else may write there could name a file after anybody.
  await write("root.google_authenticator", OTHER_SECRET, 1);
  const args = ["import", "--yes", "--replace"];
  const why = /otp\/root\.google_authenticator" is named after "root", but belongs to "daemon"/;
  for (const given of [otp, `${otp}/root.google_authenticator`]) {
    const { status, stderr } = await admin(db, [...args, given]);
    assert.equal(status, 1);
    assert.match(stderr, why);
  }
  const { status } = await admin(db, [...args, `root=${otp}/root.google_authenticator`]);
  assert.equal(status, 0);
  // An account of its own may keep the files of all, if its directory is given.
  await Deno.chown(otp, 1, 1);
  assert.equal((await admin(db, [...args, otp])).status, 0);
  assert.match((await admin(db, [...args, `${otp}/root.google_authenticator`])).stderr, why);
  assertNothing(await admin(db, [...args, `alice=${otp}`]), 2, /is a directory/);
});

testWith([], "import takes one entry of a phone's export for a user", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const entry = (issuer: string, name: string, secret: string, type = "totp") => ({
    ...{ type, name, issuer },
    info: { secret, algo: "SHA1", digits: 6, period: 30, counter: 1 },
  });
  const phone = await source(
    directory,
    "aegis.json",
    JSON.stringify({
      ...{ version: 1, header: { slots: null, params: null } },
      db: {
        version: 2,
        entries: [
          entry("Bank", "a.smith@example.com", OTHER_SECRET, "hotp"),
          entry("My VPN", "a.smith@example.com", SECRET),
          entry("Mail", "asmith", OTHER_SECRET),
        ],
      },
    }),
  );
  const imported = (...args: string[]) => admin(db, ["import", "--yes", ...args]);
  assertNothing(await imported(`alice=${phone}`), 1, /it has 3 entries, but USER=FILE/);
  assertNothing(
    await imported("--only-issuer", "VPN", phone),
    1,
    /no entry has the issuer "VPN": the issuers are "Bank", "My VPN", "Mail"/,
  );
  const output = await imported("--only-issuer", "my vpn", `alice=${phone}`);
  assert.equal(output.status, 0, output.stderr);
  assertTellsNoSecret(output);
  assert.match(output.stdout, /^alice +new .* My VPN /m);
  assert.match(output.stdout, /own name, which is "a\.smith@example\.com" \(alice\)$/m);
  assert.match(output.stdout, /^Left out: 2 entries of other issuers\.$/m);
  assert.equal((await shown(db, "alice")).secret, SECRET);
  const oath = await source(directory, "oath", "HOTP/T30 u - 3132333435363738393031\n");
  assertNothing(
    await imported("--only-issuer", "VPN", oath),
    2,
    /in the format oath, which names no issuers/,
  );
});

testWith([], "import says what must no longer ask for codes, once it is done", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const oath = await source(directory, "oath", "HOTP/T30 root - 3132333435363738393031\n");
  const google = await source(directory, "google", `${SECRET}\n" TOTP_AUTH\n`);
  const otp = await source(directory, "otp", `bin otp totp:sha1:base32:${SECRET}:: *\n`);
  const files = [oath, `daemon=${google}`, otp];
  const dry = await admin(db, ["import", "--dry-run", ...files]);
  assert.deepEqual([dry.status, dry.stderr], [0, ""]);
  const { status, stderr } = await admin(db, ["import", "--yes", ...files]);
  assert.equal(status, 0, stderr);
  const lines = stderr.trimEnd().split("\n");
  assert.match(lines[0]!, /remove .*pam_oath\.so.* from the PAM service that logins use /);
  assert.match(lines[1]!, /remove .*pam_google_authenticator\.so.* from the PAM service /);
  assert.match(lines[2]!, /remove .*openvpn-otp\.so.* from OpenVPN's configuration: /);
  const uris = await source(directory, "uris", uri("root"));
  const { stderr: nothing } = await admin(db, ["import", "--yes", "--replace", uris]);
  assert.equal(nothing, "");
});

testWith([], "import enrols all or none, and names each conflict", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const first = await enroll(db, "alice");
  const before = bytesOf(directory);
  const file = async (text: string) => await source(directory, "file", text);
  const imported = (text: string, ...args: string[]) =>
    file(text).then((path) => admin(db, ["import", "--yes", ...args, path]));

  const taken = await imported(uri("bob") + uri("alice"));
  assertNothing(taken, 1, /: nothing was imported: 1 conflict\n/);
  assert.match(
    taken.stdout,
    /^alice +conflict: already enrolled: use --replace or --skip-enrolled /m,
  );
  const twice = await imported(uri("bob") + uri("bob", OTHER_SECRET));
  assertNothing(twice, 1, /1 conflict\n/);
  assert.match(
    twice.stdout,
    /^bob +conflict: listed twice with different data, also in .*file, line 2: keep one/m,
  );
  const broken = await imported(
    uri("bob") + uri("a%0Ab") + uri("carol", "AAAA1") + uri("dave", "MFRGG") +
      `otpauth://hotp/erin?secret=${SECRET}\n`,
  );
  assertNothing(
    broken,
    1,
    /: 2 entries are broken, 2 entries cannot be carried over \(--skip-uncarried leaves them out\)\n/,
  );
  assert.match(broken.stdout, /^a\\u\{a\}b +.*line 2 +that cannot be/m);
  assert.match(broken.stdout, /^carol +.*line 3 +the secret is not base32$/m);
  assert.match(broken.stdout, /^dave +.*line 4 +the secret has 3 bytes/m);
  assert.match(broken.stdout, /^erin +.*line 5 +the codes depend on a counter/m);
  assertNothing(
    await imported("nothing\n"),
    1,
    /is not recognised as a file .* choose one with --format: pickle, python/,
  );
  assertNothing(
    await imported(`${SECRET}\n`, "--format", "csv"),
    1,
    /cannot import ".*file" as csv: the first line must have the headings of the columns/,
  );
  for (
    const [args, why] of [
      [["--replace", "--skip-enrolled"], /--replace and --skip-enrolled cannot be combined/],
      [["--digits", "8"], /--digits is only for files in the format otp-secrets/],
      [["--table", "x"], /--table is only for files in the format python-sqlite/],
      [["--issuer", "a:b"], /--issuer is "a:b"/],
    ] as const
  ) {
    assertNothing(await imported(uri("bob"), ...args), 2, why);
  }
  assertNothing(await admin(db, ["import", "--yes", "-", "-"]), 2, /only once/);
  assertNothing(
    await admin(db, ["import", "--yes", directory.path]),
    1,
    /the directory ".*" has no files named USER\.google_authenticator/,
  );
  assertNothing(await admin(db, ["import", "--yes", "/dev/null"]), 1, /not a regular file/);
  assert.equal(bytesOf(directory), before);

  const left = await imported(
    uri("alice") + uri("bob") + uri("bob") + uri("erin", "MFRGG"),
    ...["--skip-enrolled", "--skip-uncarried"],
  );
  assert.equal(left.status, 0, left.stderr);
  assert.match(left.stdout, /^alice +left /m);
  assert.match(left.stdout, /Imported 1 user\.\n$/);
  assert.equal((await shown(db, "alice")).secret, first);
  assert.equal((await shown(db, "bob")).secret, SECRET);
  const replaced = await imported(uri("alice", OTHER_SECRET), "--replace");
  assert.match(replaced.stdout, /^alice +replaced /m);
  assert.equal((await shown(db, "alice")).secret, OTHER_SECRET);
});

testWith([], "import --dry-run tells all, and changes nothing", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const path = await source(directory, "file", uri("alice") + uri("bob"));
  const dry = async () => await admin(db, ["import", "--dry-run", path]);
  const first = await dry();
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /^alice +new .*\nbob +new .*\nNothing was/m);
  assert.match(
    first.stderr,
    /^openvpn-totp: warning: the system has no account for "alice", "bob"/,
  );
  assert.equal(bytesOf(directory), "");
  await enroll(db, "bob");
  const before = bytesOf(directory);
  assertNothing(await dry(), 1, /nothing was imported: 1 conflict/);
  const json = await admin(db, ["import", "--dry-run", "--json", path]);
  assert.equal(json.status, 1);
  assertTellsNoSecret(json);
  const { imported, users } = JSON.parse(json.stdout);
  assert.equal(imported, false);
  assert.deepEqual(
    users.map((user: { username: string; action: string }) => [
      user.username,
      user.action,
    ]),
    [["alice", "new"], ["bob", "conflict"]],
  );
  assert.equal(bytesOf(directory), before);
  const done = await admin(db, [
    ...["import", "--yes", "--json", "--skip-enrolled", path],
  ]);
  assert.equal(JSON.parse(done.stdout).imported, true);
  assertTellsNoSecret(done);
});

testWith(
  ["script"],
  "import asks on a terminal, and anything but a yes changes nothing",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    const path = await source(directory, "file", uri("alice"));
    const command = `${PROGRAM} ${on(db).join(" ")} import ${path}`;
    for (
      const [answer, status, last] of [
        ["n\n", 1, /cancelled: nothing was changed/],
        ["\n", 1, /cancelled: nothing was changed/],
        [CTRL_C, 130, /.*/],
        ["y\n", 0, /Imported 1 user\./],
      ] as const
    ) {
      await using terminal = new Terminal(command);
      await terminal.press(/Import 1 user\? \[y\/N\] $/, answer);
      const end = await terminal.end();
      assert.equal(end.status, status, end.screen);
      assert.match(end.screen, last);
      assert(!end.screen.includes(SECRET));
      const isThere = bytesOf(directory) !== "";
      assert.equal(isThere, status === 0);
    }
    assertNothing(
      await admin(db, ["import", "--replace", path]),
      2,
      /cannot ask "Import 1 user\?" without a terminal: use --yes/,
    );
  },
);

testWith(
  [],
  "export gives what import takes, and nothing to others",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    await admin(db, [
      ...["enroll", "alice", "--algorithm", "SHA512", "--digits", "8"],
      ...["--period", "60", "--issuer", "My VPN", "--recovery-codes"],
    ]);
    for (const name of ["zoë o'hara", "a@b", "=1+1", "#x"]) {
      await enroll(
        db,
        name,
      );
    }
    await admin(db, ["disable", "a@b"]);

    for (const format of ["json", "uris"]) {
      const file = `${path}/${format}`;
      const args = ["export", "--yes", "--format", format, file];
      const output = await admin(db, args);
      assert.equal(output.status, 0, output.stderr);
      assert.equal(output.stdout, "");
      assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);
      assert.equal(/disabled: "a@b"/.test(output.stderr), format === "uris");
      const again = await admin(db, args);
      assertNothing(again, 1, /already exists and was left alone/);

      const other = `${path}/${format}-db/users`;
      const imported = await admin(other, ["import", "--yes", file]);
      assert.equal(imported.status, 0, imported.stderr);
      for (const name of ["alice", "zoë o'hara", "a@b", "=1+1", "#x"]) {
        const [before, after] = [
          await shown(db, name),
          await shown(other, name),
        ];
        for (const what of ["secret", "uri", "issuer"]) {
          assert.equal(after[what], before[what], `${name} ${what}`);
        }
        const isDisabled = format === "json" && name === "a@b";
        assert.equal(after.disabledAt !== null, isDisabled);
      }
    }
    const one = await admin(db, [
      ...["export", "--yes", "--user", "alice", "--user", "#x", "-"],
    ]);
    const { users } = JSON.parse(one.stdout);
    assert.deepEqual(users.map((user: { username: string }) => user.username), [
      "alice",
      "#x",
    ]);
    assert.equal(users[0].recoveryCodesLeft, 10);
    assert.equal(users[0].secret, (await shown(db, "alice")).secret);
  },
);

testWith(
  ["script"],
  "who is asked by import --json sees what would be done",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/users.csv`;
    await Deno.writeTextFile(file, `username,secret\nalice,${SECRET}\n`);
    await using terminal = new Terminal(
      `${PROGRAM} ${on(db).join(" ")} import --json ${file} > ${path}/out`,
    );
    await terminal.type(/alice +new [^]*Import 1 user\? \[y\/N\] $/, "y");
    assert.equal((await terminal.end()).status, 0);
    assert.equal(
      JSON.parse(await Deno.readTextFile(`${path}/out`)).users.length,
      1,
    );
  },
);

testWith(
  [],
  "a code that was used stays used where the secret comes back",
  async () => {
    await using directory = await makeTestDirectory();
    const { db, path } = directory;
    const file = `${path}/users.json`;
    const code = codeOf(await enroll(db, "alice"));
    const verify = async (code: string, ...args: string[]) => {
      const given = ["verify", "alice", "--code-from", "-", ...args];
      return (await admin(db, given, { stdin: code })).status;
    };
    assert.equal(await verify(code, "--use"), 0);
    assert.equal((await admin(db, ["export", "--yes", file])).status, 0);
    const again = ["import", "--yes", "--replace", file];
    assert.equal((await admin(db, again)).status, 0);
    assert.equal(await verify(code), 1);
    // A new secret has codes of its own, and none of them was used.
    const fresh = codeOf(await enroll(db, "alice"));
    assert.equal(await verify(fresh), 0);
  },
);

testWith(["script"], "export asks, and writes all or nothing", async () => {
  await using directory = await makeTestDirectory();
  const { db, path } = directory;
  await enroll(db, "alice");
  const secret = await enroll(db, " b");
  const refused = async (args: string[], status: number, why: RegExp) => {
    const output = await admin(db, ["export", ...args]);
    assertNothing(output, status, why);
    assert(!(output.stdout + output.stderr).includes(secret));
    assert.throws(() => Deno.statSync(`${path}/out`), Deno.errors.NotFound);
  };
  await refused([`${path}/out`], 2, /without a terminal: use --yes/);
  const there = await admin(db, ["export", db]);
  assertNothing(there, 1, /already exists and was left alone/);
  await refused(["--yes", "--user", "x", `${path}/out`], 1, /not enrolled/);
  await refused(
    ["--yes", "--format", "uris", `${path}/out`],
    1,
    /user " b" cannot be exported as a URI: use --format json/,
  );
  await using terminal = new Terminal(
    `${PROGRAM} ${on(db).join(" ")} export ${path}/out`,
  );
  await terminal.type(/Anyone who has them can make all codes\. \[y\/N\] $/, "n");
  assert.equal((await terminal.end()).status, 1);
  using database = new DatabaseSync(db);
  database.exec(
    "UPDATE enrolments SET secret = zeroblob(48) WHERE username = 'alice'",
  );
  await refused(["--yes", `${path}/out`], 1, /secret of "alice" does not open/);
});

testWith(
  ["root", "useradd"],
  "an imported user logs in with 8 digits of SHA256 and 60 s, and with a scratch code",
  async () => {
    await using directory = await makeTestDirectory();
    await using account = await makeAccount();
    const { db } = directory;
    const { username, password } = account;
    const login = async (code: string) => {
      const attempt = await playAttempt(directory.path, {
        totpTokenDbPath: db,
      });
      assert.equal((await attempt.password(username, password)).status, 2);
      return (await attempt.answer(base64(code))).status;
    };
    const eight = await source(
      directory,
      "uris",
      `otpauth://totp/${username}?secret=${SECRET}&digits=8&period=60&algorithm=SHA256\n`,
    );
    assert.equal((await admin(db, ["import", "--yes", eight])).status, 0);
    const totp = new TOTP({
      secret: SECRET,
      digits: 8,
      period: 60,
      algorithm: "SHA256",
    });
    assert.equal(await login(totp.generate()), 0);

    const scratch = await source(
      directory,
      "scratch",
      `${SECRET}\n" TOTP_AUTH\n12345678\n87654321\n`,
    );
    const args = ["import", "--yes", "--replace", `${username}=${scratch}`];
    assert.equal((await admin(db, args)).status, 0);
    assert.equal(await login("12345678"), 0);
    assert.equal(await login("12345678"), 1);
    assert.equal(await login("8765 4321"), 0);
    assert.equal(await login(new TOTP({ secret: SECRET }).generate()), 0);
  },
);

testWith(
  ["oathtool"],
  "a users file's secret makes the codes that oathtool makes",
  async () => {
    await using directory = await makeTestDirectory();
    const hex = "00112233445566778899aabbccddeeff";
    const path = await source(
      directory,
      "users.oath",
      `HOTP/T60/8 alice - ${hex}\n`,
    );
    const { status } = await admin(directory.db, ["import", "--yes", path]);
    assert.equal(status, 0);
    const { secret } = await shown(directory.db, "alice");
    const now = "2026-01-31 12:00:00 UTC";
    const code = await mustRun("oathtool", [
      ...["--totp", "--digits=8", "--time-step-size=60s", `--now=${now}`, hex],
    ]);
    const totp = new TOTP({ secret, digits: 8, period: 60 });
    assert.equal(
      totp.generate({ timestamp: Date.UTC(2026, 0, 31, 12) }),
      code.trim(),
    );
  },
);

testWith([], "import reads standard input, but no flood", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const read = (stdin: string, ...args: string[]) =>
    run(PROGRAM, [...on(db), "import", "--yes", ...args, "-"], { stdin });
  assert.equal((await read(uri("alice"))).status, 0);
  assert.equal((await shown(db, "alice")).secret, SECRET);
  assertNothing(await read("SQLite format 3\0"), 1, /needs the path of a file/);
  const sparse = `${directory.path}/sparse`;
  await Deno.writeTextFile(sparse, "");
  await Deno.truncate(sparse, 2 ** 40);
  assertNothing(
    await admin(db, ["import", "--yes", sparse]),
    1,
    /is larger than 16777216 bytes/,
  );
});
