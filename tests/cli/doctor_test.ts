import assert from "node:assert/strict";
import { findConfig } from "../../src/server_setup/configuration/config_file.ts";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { FINDINGS } from "../../src/server_setup/doctor/finding_ids.ts";
import { makeAccount } from "../lab/accounts.ts";
import { run } from "../lab/command.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { MACHINE_FINDINGS } from "../lab/machine_findings.ts";
import { enroll, keyFileOf, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { Terminal } from "../lab/terminal.ts";

/** What depends on the machine, on which there may be no OpenVPN. */
const MACHINE = [...MACHINE_FINDINGS, "openvpn_version"];

/** A configuration in which all is well, and an enrolled user. */
async function makeServer(...lines: string[]) {
  const directory = await makeTestDirectory();
  const { path, db } = directory;
  const config = `${path}/server.conf`;
  await enroll(db, "root");
  await Deno.writeTextFile(`${path}/token.key`, "", { mode: 0o600 });
  const write = (...more: string[]) =>
    Deno.writeTextFile(
      config,
      [
        "script-security 2",
        `auth-user-pass-verify ${PROGRAM} via-file`,
        `client-crresponse ${PROGRAM}`,
        "auth-gen-token",
        `auth-gen-token-secret ${path}/token.key`,
        `setenv totpTokenDbPath ${db}`,
        `setenv totpKeyFile ${keyFileOf(db)}`,
        ...lines,
        ...more,
        "",
      ].join("\n"),
    );
  await write();
  const doctor = (...args: string[]) => run(PROGRAM, ["doctor", "--config", config, ...args]);
  return Object.assign(directory, {
    config,
    write,
    doctor,
    /** Levels and ids of all that isn't well. */
    findings: async (...args: string[]) => {
      const { stdout, stderr } = await doctor("--json", ...args);
      assert(stdout.startsWith("{"), stderr);
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      return findings.filter(({ id, level }) => level !== "ok" && !MACHINE.includes(id)).map((
        { id, level, what },
      ) => ({ is: `${level} ${id}`, what }));
    },
  });
}

testWith(
  ["root"],
  "doctor finds a good server well, and changes nothing",
  async () => {
    await using server = await makeServer();
    const bytes = Deno.readFileSync(server.db);
    assert.deepEqual(await server.findings(), []);
    assert.deepEqual(Deno.readFileSync(server.db), bytes);
    const names = [...Deno.readDirSync(`${server.path}/db`)].map((one) => one.name);
    assert.deepEqual(names.sort(), [
      "token_index.sqlite3",
      "token_index.sqlite3.key",
    ]);
  },
);

testWith(
  ["root"],
  "doctor finds what others could change: a file that is included, the way to tmp-dir",
  async () => {
    await using server = await makeServer();
    const others = `${server.path}/others`;
    await Deno.mkdir(`${others}/tmp`, { recursive: true });
    await Deno.writeTextFile(`${server.path}/more.conf`, "");
    await server.write("config more.conf", `tmp-dir ${others}/tmp`);
    assert.deepEqual(await server.findings(), []);
    await Deno.chmod(`${server.path}/more.conf`, 0o666);
    await Deno.chmod(others, 0o777);
    const found = await server.findings();
    assert.deepEqual(found.map(({ is }) => is), ["problem config", "problem tmp_dir"]);
    assert.match(found[0]!.what, /others can write .*more\.conf/);
    assert.match(
      found[1]!.what,
      /replace tmp-dir .*: others can write to .*others/,
    );
  },
);

testWith(
  ["root"],
  "doctor's JSON and exit status tell what is wrong",
  async () => {
    await using server = await makeServer("script-security 1");
    const { status, stdout, stderr } = await server.doctor("--json");
    assert.equal(status, 1);
    assert.match(stderr, /^openvpn-totp: doctor found \d problems? [^\n]+\n$/);
    assertDocumented("doctor", JSON.parse(stdout));
    const { findings }: { findings: Finding[] } = JSON.parse(stdout);
    for (const finding of findings) assert(finding.id in FINDINGS);
    const found = findings.find((one: Finding) => one.id === "script_security");
    assert.deepEqual(found, {
      id: "script_security",
      level: "problem",
      what: "script-security is 1",
      why: "below 2, OpenVPN runs no program and refuses every login",
      line: "script-security 2",
      command: null,
      at: `${server.config}:8`,
    });
  },
);

testWith(["root"], "doctor sees what a login would stumble over", async () => {
  await using server = await makeServer();
  const key = keyFileOf(server.db);
  const only = async (is: string, what: RegExp) => {
    const findings = await server.findings();
    assert.deepEqual(findings.map((one) => one.is), [is]);
    assert.match(findings[0]!.what, what);
  };
  await Deno.chmod(server.db, 0o640);
  await only("problem database", /mode 0640.* chmod 600/);
  await Deno.chmod(server.db, 0o600);
  await Deno.rename(key, `${key}.old`);
  await only("problem secrets", /there is no key file/);
  await Deno.rename(`${key}.old`, key);
  await Deno.chmod(server.config, 0o666);
  await only("problem config", /others can write/);
  await Deno.chmod(server.config, 0o600);
  await server.write("setenv totpPamService ovtotp-t-none");
  await only("problem pam_service", /has no file/);
  await server.write("tmp-dir /dev/shm");
  await only("problem tmp_dir", /\/dev\/shm/);
  await server.write('tmp-dir ""');
  await only("problem tmp_dir", /tmp-dir "" is not a directory/);
  await server.write(`setenv totpTokenDbPath ${server.path}/none`);
  await only("problem database", /there is no database/);
  await server.write("setenv totpDriftSteps none");
  await only("problem settings", /totpDriftSteps is "none"/);
  await server.write("setenv totpTokenDbPath none");
  await only("problem settings", /totpTokenDbPath is "none"/);
  const secret = `${server.path}/token.key`;
  await server.write();
  await Deno.chmod(secret, 0o640);
  await only("problem session_token", /others can read .*: chmod 600/);
  await Deno.chmod(secret, 0o600);
  assert.deepEqual(await server.findings(), []);
  await server.write("user daemon");
  const dropped = (await server.findings()).map(({ is }) => is);
  assert.deepEqual(dropped, ["problem dropped_rights", "problem database"]);
  // Its last 32 bits are root's number.
  await server.write("user 4294967296");
  const [unknown] = await server.findings();
  assert.equal(unknown?.is, "problem dropped_rights");
  assert.match(unknown.what, /4294967296/);
});

testWith(
  ["root"],
  "doctor judges files by the user that OpenVPN becomes",
  async () => {
    await using server = await makeServer(
      "user daemon",
      "setenv totpPrimaryAuth external",
    );
    const found = async () =>
      (await server.findings()).map(({ is, what }) => `${is}: ${what}`).join(
        "",
      );
    assert.match(await found(), /^problem database: .* belongs to uid 0/);
    for (const path of ["/db", "/db/token_index.sqlite3"]) {
      await Deno.chown(server.path + path, 1, 1);
    }
    assert.match(await found(), /^problem database: .* as daemon, who cannot enter/);
    await Deno.chmod(server.path, 0o711);
    assert.match(await found(), /^problem database: .*\.key belongs to uid 0/);
    await Deno.chown(keyFileOf(server.db), 1, 1);
    assert.equal(await found(), "");
    const names = [...Deno.readDirSync(`${server.path}/db`)];
    assert.equal(names.length, 2);
    assert.equal(Deno.statSync(server.db).uid, 1);
  },
);

testWith(
  ["root", "useradd"],
  "doctor --user has PAM check a password",
  async () => {
    await using account = await makeAccount();
    await using server = await makeServer();
    const { username, password } = account;
    const passwordFile = `${server.path}/password`;
    const tries = async (password: string) => {
      const { stdout } = await run(PROGRAM, [
        "doctor",
        "--config",
        server.config,
        "--json",
        "--user",
        username,
        "--password-from",
        "-",
      ], { stdin: `${password}\n` });
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      assert(!stdout.includes(password));
      const { level, what } = findings.find(({ id }) => id === "password")!;
      return `${level} ${what}`;
    };
    assert.match(await tries(password), /^ok PAM accepts ovtotp-t/);
    assert.match(
      await tries("not this one"),
      /^problem wrong_password: .*PAM_AUTH_ERR/,
    );
    await Deno.writeTextFile(passwordFile, password);
    const read = await server.doctor("--user", username, "--password-from", passwordFile);
    assert.match(read.stdout, /^ok +password +PAM accepts/m);
  },
);

testWith(
  ["root", "script", "useradd"],
  "doctor asks for the password on a terminal, in colour",
  async () => {
    await using account = await makeAccount();
    await using server = await makeServer();
    const { username, password } = account;
    const ask = async (env: Record<string, string>) => {
      await using terminal = new Terminal(
        `${PROGRAM} doctor --config ${server.config} --user ${username}`,
        env,
      );
      await terminal.type(/Password of /, password);
      return (await terminal.end()).screen;
    };
    // Of a letter of two bytes, one key takes both back.
    await using mistyped = new Terminal(
      `${PROGRAM} doctor --config ${server.config} --user ${username}`,
    );
    await mistyped.type(/Password of /, `ü\x7f${password}x\x7f`);
    assert.match((await mistyped.end()).screen, /PAM accepts ovtotp-t/);
    const screen = await ask({ NO_COLOR: "" });
    assert.match(screen, /PAM accepts ovtotp-t/);
    assert(screen.includes("\x1b[32mok     \x1b[39m  password "), screen);
    assert(!screen.includes(password));
    const plain = await ask({ NO_COLOR: "1" });
    assert.match(plain, /PAM accepts ovtotp-t/);
    assert(!plain.includes("\x1b["));
    const piped = await server.doctor();
    assert(!piped.stdout.includes("\x1b"));
  },
);

testWith(
  ["root", "script"],
  "doctor's closing line breaks no word at the edge of a terminal",
  async () => {
    await using server = await makeServer("script-security 1");
    const command = `${PROGRAM} doctor --config ${server.config}`;
    await using terminal = new Terminal(`stty cols 40; ${command}`);
    const { status, screen } = await terminal.end();
    assert.equal(status, 1);
    const closing = screen.slice(screen.indexOf("openvpn-totp: doctor found")).split("\r\n");
    assert.match(
      closing.join(" "),
      /^openvpn-totp: doctor found \d problems? with logins: see above $/,
    );
    for (const line of closing) assert(line.length <= 40, line);
    assert.match(screen, /^\d+ checks are fine; --all lists them\.\r$/m);
  },
);

testWith([], "doctor refuses wrong usage in one line", async () => {
  await using server = await makeServer();
  const refuses = async (args: string[], status: number, line: RegExp) => {
    const output = await run(PROGRAM, args);
    assert.equal(output.status, status, output.stderr);
    assert.match(output.stderr, line);
    assert.equal(output.stdout, "");
  };
  const { config } = server;
  await refuses(["--db", "/x", "doctor"], 2, /takes no --db and --key/);
  await refuses(
    ["doctor", "--config", config, "--password-from", "-"],
    2,
    /--password-from needs --user/,
  );
  await refuses(
    ["doctor", "--config", `${config}.not`, "--json"],
    1,
    /there is no file ".*\.not"\n$/,
  );
  await refuses(
    ["doctor", "--config", config, "--user", "root"],
    2,
    /terminal/,
  );
});

testWith(
  [],
  "the configuration is the usual one, or the only one",
  async () => {
    await using directory = await makeTestDirectory();
    const { path } = directory;
    const usual = `${path}/server/server.conf`;
    const find = () => findConfig(undefined, { usual, directories: [`${path}/server`, path] });
    assert.throws(find, /there is no \*\.conf/);
    await Deno.writeTextFile(`${path}/one.conf`, "");
    assert.equal(find(), `${path}/one.conf`);
    await Deno.writeTextFile(`${path}/two.conf`, "");
    assert.throws(find, /several configurations: .*one\.conf", .*two\.conf"/);
    await Deno.mkdir(`${path}/server`);
    await Deno.writeTextFile(usual, "");
    assert.equal(find(), usual);
    assert.equal(findConfig(`${path}/two.conf`), `${path}/two.conf`);
    assert.throws(() => findConfig("/x/y.conf"), /no file "\/x\/y\.conf"/);
  },
);
