import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { admin, enroll, makeTestDirectory } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

testWith([], "disable and enable, for people and for programs", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  await enroll(db, "root");
  const ok = async (...args: string[]) => {
    const { status, stdout, stderr } = await admin(db, args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(await ok("disable", "root"), "Disabled the logins of root.\n");
  assert.match(await ok("list"), /^root .* disabled$/m);
  assert.match(await ok("show", "root"), /^Disabled: +since \S+Z /m);
  assert.equal(await ok("enable", "root"), "Enabled the logins of root.\n");
  assert.equal(JSON.parse(await ok("show", "--json", "root")).disabledAt, null);
  assert.deepEqual(JSON.parse(await ok("disable", "--json", "root")), {
    username: "root",
    disabled: true,
  });
  for (const command of ["disable", "enable", "recovery"]) {
    const { status, stderr } = await admin(db, [command, "nobody-here"]);
    assert.equal(status, 1);
    assert.match(stderr, /user "nobody-here" is not enrolled/);
  }
});

testWith(
  [],
  "recovery codes are ten, new each time, and kept as marks alone",
  async () => {
    await using directory = await makeTestDirectory();
    const { db } = directory;
    await enroll(db, "root");
    const give = async (...options: string[]) =>
      (await admin(db, ["recovery", ...options, "root"])).stdout;
    const first = (await give()).trim().split("\n");
    const { recoveryCodes } = JSON.parse(await give("--json"));
    const codes = [...first, ...recoveryCodes];
    assert.equal(new Set(codes).size, 20);
    for (const code of codes) {
      assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    }
    const text = new TextDecoder("latin1").decode(await Deno.readFile(db));
    for (const code of codes) {
      assert(!text.includes(code) && !text.includes(code.replace("-", "")));
    }
    const left = async () =>
      JSON.parse((await admin(db, ["show", "--json", "root"])).stdout)
        .recoveryCodesLeft;
    assert.equal(await left(), 10);
    // A new secret makes them void.
    await enroll(db, "root");
    assert.equal(await left(), 0);
  },
);

testWith([], "exempt and enroll warn alike of a name that has no account", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const warning = 'openvpn-totp: warning: the system has no account for "DAEMON": logins will ' +
    "fail until there is one\n" +
    'openvpn-totp: warning: the system has an account "daemon": if that is the user, give the ' +
    'name as "daemon"\n';
  for (const command of ["exempt", "enroll"]) {
    assert.equal((await admin(db, [command, "DAEMON"])).stderr, warning);
    assert.equal((await admin(db, [command, "daemon"])).stderr, "");
  }
  assert.equal((await admin(db, ["exempt", "--end", "DAEMON"])).stderr, "");
});

testWith([], "exempt, for people and for programs", async () => {
  await using directory = await makeTestDirectory();
  const { db } = directory;
  const ok = async (...args: string[]) => {
    const { status, stdout, stderr } = await admin(db, args);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(
    await ok("exempt", "link"),
    "link needs no code from anywhere.\n",
  );
  assert.equal(
    await ok(
      "exempt",
      "link",
      "--from",
      "192.0.2.0/24",
      "--until",
      "2099-01-31",
    ),
    "link needs no code from 192.0.2.0/24 until 2099-01-31T00:00:00Z.\n",
  );
  await enroll(db, "root");
  assert.match(
    await ok("list"),
    /^link +no +never +0 +exempt from 192\.0\.2\.0\/24 until 2099-01-31T00:00:00Z\nroot /m,
  );
  const [link] = JSON.parse(await ok("list", "--json"));
  assert.equal(link.exemptFrom, "192.0.2.0/24");
  assert.equal(link.exemptUntil, "2099-01-31T00:00:00Z");
  using database = new DatabaseSync(db);
  database.exec("UPDATE exemptions SET until = 1000");
  assert.match(await ok("list"), /^link .* exemption ended 1970-01-01T/m);
  assert.equal(
    await ok("exempt", "--end", "link"),
    "link needs a code again.\n",
  );
  await ok("exempt", "root", "--from", "192.0.2.7");
  assert.match(
    await ok("show", "root"),
    /^Without a code: +exempt from 192\.0\.2\.7 \(openvpn-totp exempt --end USER\)$/m,
  );
  assert.equal(
    JSON.parse(await ok("show", "root", "--json")).exemptFrom,
    "192.0.2.7",
  );
  // Who is deleted gets in by no exemption.
  await ok("exempt", "other");
  assert.equal(
    await ok("delete", "other"),
    "Deleted the exemption of other.\n",
  );
  await ok("exempt", "root");
  await ok("delete", "root");
  assert.equal(await ok("list"), "No user is enrolled.\n");
  const cases: [string[], number, RegExp][] = [
    [["--end", "link"], 1, /user "link" is not exempt/],
    [["link", "--from", "x"], 2, /--from is "x", expected an address or/],
    [["link", "--until", "2001-01-01"], 2, /"2001-01-01", which is in the past/],
    [["link", "--until", "soon"], 2, /--until is "soon", expected a date/],
    [["link", "--end", "--from", "::1"], 2, /--end cannot be combined/],
    [["a\nb"], 2, /cannot be a username/],
  ];
  for (const [args, expected, message] of cases) {
    const { status, stderr } = await admin(db, ["exempt", ...args]);
    assert.equal(status, expected, stderr);
    assert.match(stderr, message);
  }
});
