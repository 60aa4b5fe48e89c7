import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { run } from "../lab/command.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { copyProgram, makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { CTRL_C, Terminal } from "../lab/terminal.ts";

const BEFORE = [
  "# my server",
  "port 1194",
  "script-security 1",
  "auth-user-pass-verify /etc/openvpn/openvpn_pam_totp.py via-file",
  "setenv totpLog syslog",
  "<ca>\nscript-security 1\n</ca>\n",
].join("\n");

const CHANGED = [
  "# my server",
  "port 1194",
  "script-security 2",
  `auth-user-pass-verify ${PROGRAM} via-file`,
  "setenv totpLog syslog",
  "<ca>\nscript-security 1\n</ca>\n",
  "# TOTP and PAM authentication",
  `client-crresponse ${PROGRAM}\n`,
  "# Allow OpenVPN to reauthenticate during renegotiation without prompting for TOTP again.",
  "auth-gen-token\n",
].join("\n");

/** A directory with a configuration that an older script was set up in. */
async function makeConfig() {
  const directory = await makeTestDirectory();
  const config = `${directory.path}/server.conf`;
  await Deno.writeTextFile(config, BEFORE);
  await Deno.chmod(config, 0o640);
  // The machine's own rules for AppArmor are left alone.
  const args = ["setup", "--config", config, "--root", `${directory.path}/root`];
  return Object.assign(directory, {
    config,
    args,
    setup: (...more: string[]) => run(PROGRAM, [...args, ...more]),
    names: () => [...Deno.readDirSync(directory.path)].map(({ name }) => name).sort(),
    text: () => Deno.readTextFileSync(config),
  });
}

testWith(["root"], "setup changes the configuration, once", async () => {
  await using place = await makeConfig();
  await Deno.chown(place.config, 0, 4);
  const dry = await place.setup("--dry-run");
  assert.equal(dry.status, 0, dry.stderr);
  assert.match(dry.stdout, /^-script-security 1\n\+script-security 2$/m);
  assert(!dry.stdout.includes("\x1b"));
  assert.deepEqual(place.names(), ["server.conf"]);
  assert.equal(place.text(), BEFORE);

  const done = await place.setup("--yes");
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /openvpn-totp doctor --config \S+\/server\.conf$/m);
  assert.equal(place.text(), CHANGED);
  const [, backup, ...rest] = place.names();
  assert.match(backup!, /^server\.conf\.backup-\d{8}-\d{6}$/);
  assert.deepEqual(rest, []);
  for (const name of ["server.conf", backup!]) {
    const { mode, uid, gid } = Deno.statSync(`${place.path}/${name}`);
    assert.deepEqual([mode! & 0o777, uid, gid], [0o640, 0, 4], name);
  }
  const saved = await Deno.readTextFile(`${place.path}/${backup}`);
  assert.equal(saved, BEFORE);

  const again = await place.setup("--yes");
  assert.equal(again.status, 0);
  assert.match(again.stdout, /nothing to change\.$/m);
  assert.equal(place.names().length, 2);
});

testWith([], "setup follows a link, and leaves it", async () => {
  await using place = await makeConfig();
  await Deno.mkdir(`${place.path}/real`, { mode: 0o755 });
  await Deno.rename(place.config, `${place.path}/real/vpn.conf`);
  await Deno.symlink("real/vpn.conf", place.config);
  const { status, stderr } = await place.setup("--yes");
  assert.equal(status, 0, stderr);
  assert(Deno.lstatSync(place.config).isSymlink);
  assert.equal(place.text(), CHANGED);
  assert.equal([...Deno.readDirSync(`${place.path}/real`)].length, 2);
});

testWith([], "setup refuses, and changes nothing", async () => {
  await using place = await makeConfig();
  const refuses = async (args: string[], status: number, line: RegExp) => {
    const output = await place.setup(...args);
    assert.equal(output.status, status, output.stderr);
    // Where the program was built by somebody else than root, there is a warning of it.
    const told = output.stderr.replace(/^openvpn-totp: warning: .*\n/, "");
    assert.match(told, line);
    assert.match(told, /^openvpn-totp: [^\n]+\n$/);
    assert.deepEqual(place.names(), ["server.conf"]);
  };
  await refuses([], 2, /without a terminal: use --yes/);
  await refuses(["--json"], 2, /add --yes or --dry-run/);
  await refuses(["--yes", "--program", "/gone"], 2, /cannot be run/);
  await refuses(["--yes", "--program", "/a b"], 2, /the configuration needs an absolute path/);
  await Deno.chmod(place.path, 0o777);
  await refuses(["--yes"], 1, /others can put files there/);
  await Deno.chmod(place.path, 0o700);
  await Deno.writeTextFile(place.config, 'push "open\n');
  await refuses(["--yes"], 1, /line 1: a double quote .* is not closed/);
});

testWith([], "setup prints JSON", async () => {
  await using place = await makeConfig();
  const { stdout } = await place.setup("--yes", "--json");
  assertDocumented("setup", JSON.parse(stdout));
  const { backup, findings, ...rest } = JSON.parse(stdout);
  assert.deepEqual(findings.map(({ id }: Finding) => id).slice(0, 1), ["token_secret"]);
  assert.deepEqual(rest, {
    config: place.config,
    program: PROGRAM,
    changes: true,
    tokenSecret: null,
    apparmor: null,
  });
  assert(backup.startsWith(`${place.config}.backup-`));
  const again = JSON.parse((await place.setup("--yes", "--json")).stdout);
  assert.deepEqual([again.changes, again.backup], [false, null]);
});

testWith(
  ["root"],
  "setup makes the key for session tokens, and leaves an existing one",
  async () => {
    await using place = await makeConfig();
    const secret = `${place.path}/keys/auth-token.key`;
    const ask = (...args: string[]) => place.setup("--token-secret", secret, ...args);
    const dry = await ask("--dry-run");
    assert.match(dry.stdout, /^\+auth-gen-token-secret \S+\/keys\/auth-token\.key$/m);
    assert.match(dry.stdout, /auth-token\.key does not exist yet: setup creates it\.$/m);
    assert.deepEqual(place.names(), ["server.conf"]);

    const done = await ask("--yes", "--json");
    assert.equal(JSON.parse(done.stdout).tokenSecret, secret, done.stderr);
    const { mode, uid } = Deno.statSync(secret);
    assert.deepEqual([mode! & 0o777, uid], [0o600, 0]);
    const made = await Deno.readTextFile(secret);
    assert.match(place.text(), /^auth-gen-token-secret \S+\/keys\/auth-token\.key$/m);

    const again = await ask("--yes", "--json");
    assert.deepEqual([JSON.parse(again.stdout).changes, JSON.parse(again.stdout).tokenSecret], [
      false,
      null,
    ]);
    assert.equal(await Deno.readTextFile(secret), made);

    // OpenVPN does not start without the file.
    await Deno.remove(secret);
    assert.match((await ask("--yes")).stdout, /^Created \S+auth-token\.key/m);
    assert.notEqual(await Deno.readTextFile(secret), made);

    await Deno.writeTextFile(secret, "mine\n");
    assert.match(
      (await ask("--yes")).stderr,
      /is not a key for auth-gen-token-secret: name a file/,
    );
    assert.equal(await Deno.readTextFile(secret), "mine\n");
    const blank = await place.setup("--token-secret", `${place.path}/a b`, "--yes");
    assert.deepEqual([
      blank.status,
      /--token-secret is ".*a b"; the configuration needs/.test(blank.stderr),
    ], [
      2,
      true,
    ]);
    await Deno.chmod(`${place.path}/keys`, 0o777);
    assert.match((await ask("--yes")).stderr, /others can put files there/);
  },
);

testWith([], "setup says what doctor will say about the lines that it leaves", async () => {
  await using place = await makeConfig();
  await Deno.writeTextFile(
    place.config,
    "user daemon\nplugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so login\n" +
      "setenv totpDriftStep 2\n" + BEFORE,
  );
  const dry = await place.setup("--dry-run");
  assert.equal(dry.status, 0, dry.stderr);
  const [, said = ""] = dry.stdout.split("\n\ndoctor says about the other lines:\n");
  for (
    const start of [
      /^problem {2}dropped_rights {5}OpenVPN runs the program as daemon$/m,
      /^warning {2}password_factor {4}both the program and the plugin auth-pam check the password$/m,
      /^warning {2}settings {11}totpDriftStep is not a setting: did you mean totpDriftSteps\?$/m,
      /^ +at: {2}\S+server\.conf:2$/m,
    ]
  ) assert.match(said, start);
  // What setup puts right is no longer found.
  assert.doesNotMatch(said, /auth-gen-token is not set|script_security|^ok /m);

  const ids = (output: string) =>
    (JSON.parse(output).findings as Finding[]).map(({ id, level }) => `${level} ${id}`);
  const planned = ids((await place.setup("--dry-run", "--json")).stdout);
  const later = ids((await place.setup("--yes", "--json")).stdout);
  assert.deepEqual(planned, later);
  const doctor = await run(PROGRAM, ["doctor", "--config", place.config, "--json"]);
  const found = ids(doctor.stdout);
  for (const one of planned) assert(found.includes(one), `doctor does not say ${one}`);
});

testWith(
  ["script"],
  "setup asks on a terminal, and heeds the answer",
  async () => {
    await using place = await makeConfig();
    const ask = async (keys: string, before = () => {}) => {
      await using terminal = new Terminal(
        `${PROGRAM} ${place.args.join(" ")}`,
        { NO_COLOR: "" },
      );
      const shown = await terminal.shows(/\[y\/N\] $/);
      before();
      await terminal.press(/\[y\/N\] $/, keys);
      const { status, screen } = await terminal.end();
      return { status, screen: shown + screen };
    };
    const no = await ask("n\n");
    assert.equal(no.status, 1);
    assert(no.screen.includes("\x1b[32m+script-security 2\x1b[39m"));
    assert.equal((await ask(CTRL_C)).status, 130);
    assert.equal(place.text(), BEFORE);
    assert.deepEqual(place.names(), ["server.conf"]);

    const other = `${BEFORE}# meanwhile\n`;
    const late = await ask(
      "y\n",
      () => Deno.writeTextFileSync(place.config, other),
    );
    assert.equal(late.status, 1);
    assert.match(late.screen, /was changed in the meantime and has been left alone/);
    assert.equal(place.text(), other);
    assert.deepEqual(place.names(), ["server.conf"]);

    assert.equal((await ask("y\n")).status, 0);
    assert.match(place.text(), /^script-security 2$/m);
  },
);

testWith(
  ["strace"],
  "setup leaves the old configuration when it is killed or the disk fails",
  async () => {
    const faults = [
      ["rename", "signal=KILL", 137],
      ["fsync", "signal=KILL", 137],
      ["fsync", "error=EIO", 1],
      ["rename", "error=EIO", 1],
    ] as const;
    for (const [call, fault, status] of faults) {
      await using place = await makeConfig();
      const output = await run("strace", [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        `trace=${call}`,
        "-e",
        `inject=${call}:${fault}`,
        PROGRAM,
        ...place.args,
        "--yes",
      ]);
      assert.equal(output.status, status, output.stderr);
      assert.equal(place.text(), BEFORE, call);
      const left = place.names().filter((name) => name.startsWith("."));
      if (status === 1) assert.deepEqual(left, [], call);
    }
  },
);

testWith(
  ["strace"],
  "setup keeps the key that the new configuration names when only the directory's sync fails",
  async () => {
    await using place = await makeConfig();
    const secret = `${place.path}/keys/auth-token.key`;
    const { status, stderr } = await run("strace", [
      ...["-f", "-qq", "-o", "/dev/null", "-P", place.path],
      ...["-e", "trace=fsync", "-e", "inject=fsync:error=EIO"],
      ...[PROGRAM, ...place.args, "--token-secret", secret, "--yes"],
    ]);
    assert.equal(status, 1, stderr);
    assert.match(place.text(), /^auth-gen-token-secret \S+\/keys\/auth-token\.key$/m);
    assert(Deno.statSync(secret).isFile);
    const backup = place.names().find((name) => name.includes(".backup-"));
    const told = `the disk may not keep what was written to "${place.path}": `;
    const written =
      `setup wrote "${secret}" (new), "${place.config}" (the old version is "${`${place.path}/${backup}`}"), and that stays: run setup again, or put the old versions back and remove what is new\n`;
    assert(stderr.includes(told) && stderr.endsWith(written), stderr);
  },
);

testWith(["openvpn"], "OpenVPN takes the changed configuration", async () => {
  await using place = await makeConfig();
  await place.setup("--yes");
  const { stdout } = await run("openvpn", ["--config", place.config, "--ovtotp-t-last"]);
  assert.match(stdout, /in \[CMD-LINE\]:1: ovtotp-t-last/);
});

testWith(
  ["root"],
  "setup warns of a program that others can change",
  async () => {
    await using place = await makeConfig();
    const program = await copyProgram(place.path);
    await Deno.chmod(program, 0o777);
    const { status, stderr } = await place.setup(
      "--dry-run",
      "--program",
      program,
    );
    assert.equal(status, 0);
    assert.match(
      stderr,
      /^openvpn-totp: warning: others can write .*: chmod go-w .* as root\)\n$/,
    );
    await Deno.chmod(program, 0o755);
    const own = await place.setup("--dry-run", "--program", program);
    assert.equal(own.stderr, "");
  },
);
