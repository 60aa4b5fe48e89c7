import assert from "node:assert/strict";
import { run } from "../lab/command.ts";
import { assertDocumented } from "../lab/documented_fields.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { Terminal } from "../lab/terminal.ts";
import { readOnly, withMounts } from "../lab/unit_sandbox.ts";

const UNITS = [
  "etc/systemd/system/openvpn-totp-pam.socket",
  "etc/systemd/system/openvpn-totp-pam@.service",
  "etc/systemd/system/openvpn-totp.service",
  "etc/sysusers.d/openvpn-totp.conf",
  "etc/tmpfiles.d/openvpn-totp.conf",
];
const SERVICE = UNITS[2]!;
const NOBODY = 65534;
const SETTINGS = "etc/openvpn-totp/serve.conf";

/** What `setup` sets up for hooks, with an administrator's own lines around. */
function hooksConfig(...lines: string[]): string {
  return [
    "port 1194 # mine",
    "script-security 2",
    `auth-user-pass-verify ${PROGRAM} via-file`,
    '  setenv totpChallengeText "Your code?"',
    `client-crresponse ${PROGRAM}`,
    "auth-gen-token",
    "user nobody",
    ...lines,
    "",
  ].join("\n");
}

/** Two servers' configurations, and a root directory for the service's files. */
async function makePlace() {
  const directory = await makeTestDirectory();
  const root = `${directory.path}/root`;
  const config = (name: string) => `${directory.path}/${name}.conf`;
  await Deno.mkdir(root);
  for (const name of ["server", "two"]) await Deno.writeTextFile(config(name), hooksConfig());
  return Object.assign(directory, {
    root,
    config,
    text: (name: string) => Deno.readTextFileSync(config(name)),
    file: (path: string) => Deno.readTextFileSync(`${root}/${path}`),
    setup: (name: string, ...args: string[]) =>
      run(PROGRAM, ["setup", "--config", config(name), "--root", root, ...args]),
    plain: (name: string, ...args: string[]) =>
      run(PROGRAM, ["setup", "--config", config(name), ...args]),
  });
}

function filesBelow(path: string): string[] {
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${path}/${name}`).map((below) => `${name}/${below}`) : [name]
  ).sort();
}

testWith([], "setup --serve and --hook lead there and back", async () => {
  await using place = await makePlace();
  const before = place.text("server");
  const dry = await place.setup("server", "--serve", "--dry-run");
  assert.equal(dry.status, 0, dry.stderr);
  assert.match(dry.stdout, /^\+management \/run\/openvpn-totp\/server\.sock unix$/m);
  assert.match(dry.stdout, /^Creates \S+openvpn-totp\.service \(\d+ lines\)$/m);
  assert.equal(place.text("server"), before);
  assert.deepEqual(filesBelow(place.root), []);

  const there = await place.setup("server", "--serve", "--yes");
  assert.equal(there.status, 0, there.stderr);
  assert.deepEqual(filesBelow(place.root), [...UNITS, SETTINGS].sort());
  assert.match(place.file(SETTINGS), /^totpChallengeText Your code\?$/m);
  assert.match(place.file(SERVICE), /^ {2}--management \/run\/openvpn-totp\/server\.sock \\$/m);
  for (const path of filesBelow(place.root)) {
    assert.equal(Deno.statSync(`${place.root}/${path}`).mode! & 0o777, 0o644, path);
  }
  assert.match(
    there.stdout,
    /^Note: other servers that share the database may go on with hooks where OpenVPN runs as root;/m,
  );
  const steps = there.stdout.split("Next, in this order:\n")[1]!;
  const order = [
    "systemd-sysusers openvpn-totp.conf",
    "systemd-tmpfiles --create openvpn-totp.conf",
    "openvpn-totp.* /var/lib/openvpn-totp",
    "openvpn-totp.* /etc/openvpn-totp/key",
    "systemctl daemon-reload",
    "systemctl enable --now openvpn-totp-pam.socket openvpn-totp.service",
    "restart OpenVPN",
    "openvpn-totp doctor --config \\S+/server.conf",
  ];
  assert.match(steps, new RegExp(`^${order.map((step) => `  .*${step}\n`).join("")}$`));

  const again = await place.setup("server", "--serve", "--yes");
  assert.match(again.stdout, /nothing to change\.$/m);
  assert.doesNotMatch(again.stdout, /Wrote|Changed|Next|Note/);

  const back = await place.setup("server", "--hook", "--yes");
  assert.equal(back.status, 0, back.stderr);
  assert.equal(place.text("server"), before);
  assert.match(
    back.stdout,
    /systemctl disable --now openvpn-totp\.service openvpn-totp-pam\.socket/,
  );
  assert.match(back.stdout, /rm \S+\/openvpn-totp\.service .*\/etc\/openvpn-totp\/serve\.conf$/m);
  assert.match(back.stdout, /chown -h root:root \/etc\/openvpn-totp\/key$/m);
});

testWith(
  [],
  "setup --serve adds a second server to the service, and --hook takes it out",
  async () => {
    await using place = await makePlace();
    assert.equal((await place.setup("server", "--serve", "--yes")).status, 0);
    const one = place.file(SERVICE);
    const settings = place.file(SETTINGS);
    const args = ["--server-name", "b", "--management-proxy", "127.0.0.1:7505"];
    const added = await place.setup("two", "--serve", "--yes", ...args);
    assert.equal(added.status, 0, added.stderr);
    assert.match(
      place.file(SERVICE),
      /--management \/run\/openvpn-totp\/b\.sock \\\n {2}--management \/run\/openvpn-totp\/server\.sock \\\n {2}--management-proxy 127\.0\.0\.1:7505 \\/,
    );
    assert.match(
      added.stdout,
      /^-\s+--management \S+server\.sock \\$|^\+\s+--management \S+b\.sock/m,
    );
    assert.match(added.stdout, /^ {2}systemctl restart openvpn-totp\.service$/m);
    assert.doesNotMatch(added.stdout, /enable --now|chown|sysusers openvpn/);
    assert.match(place.text("two"), /^management \/run\/openvpn-totp\/b\.sock unix$/m);
    // The name and the proxy are known from then on.
    const again = await place.setup("two", "--serve", "--yes");
    assert.match(again.stdout, /nothing to change\.$/m);

    const back = await place.setup("two", "--hook", "--yes");
    assert.equal(back.status, 0, back.stderr);
    assert.equal(place.text("two"), hooksConfig());
    assert.equal(place.file(SERVICE), one);
    assert.equal(place.file(SETTINGS), settings);
    assert.doesNotMatch(back.stdout, /disable|chown/);
  },
);

testWith([], "setup --serve refuses, and changes nothing", async () => {
  await using place = await makePlace();
  const refuses = async (args: string[], status: number, line: RegExp) => {
    const before = place.text("server");
    const output = await place.setup("server", ...args);
    assert.equal(output.status, status, output.stderr + output.stdout);
    assert.match(output.stderr, line);
    assert.equal(place.text("server"), before);
  };
  await refuses(["--serve", "--hook", "--yes"], 2, /--serve and --hook are opposites/);
  await refuses(["--hook", "--server-name", "x", "--yes"], 2, /--server-name needs --serve/);
  await refuses(["--serve", "--yes", "--server-name", "pam"], 2, /name is "pam".*not `pam`/);
  await refuses(["--serve", "--yes", "--server-name", "../x"], 2, /the server's name is/);
  const proxy = (text: string) => ["--serve", "--yes", "--management-proxy", text];
  await refuses(proxy("10.8.0.1:7505"), 2, /--management-proxy is "10\.8\.0\.1:7505"/);
  await refuses(
    proxy("/run/vpn.sock"),
    2,
    /may not make a socket: choose a path in \/run\/openvpn-/,
  );
  await Deno.writeTextFile(place.config("server"), hooksConfig("management 127.0.0.1 7505 pw"));
  await refuses(["--serve", "--yes"], 1, /one management interface, for one client/);
  await refuses(proxy("127.0.0.1:7505"), 1, /has a password file \("pw"\).*give it a path instead/);
  await Deno.writeTextFile(place.config("server"), hooksConfig("setenv totpDriftSteps 99"));
  await refuses(["--serve", "--yes"], 1, /totpDriftSteps is "99"/);
  assert.deepEqual(filesBelow(place.root), []);
});

testWith([], "setup --serve names a masked unit, and changes nothing", async () => {
  await using place = await makePlace();
  const before = place.text("server");
  const unit = `${place.root}/${SERVICE}`;
  await Deno.mkdir(`${place.root}/etc/systemd/system`, { recursive: true });
  await Deno.symlink("/dev/null", unit);
  const { status, stderr } = await place.setup("server", "--serve", "--yes");
  assert.equal(status, 1);
  assert.match(stderr, /openvpn-totp\.service" is not a regular file: .*systemctl unmask/);
  assert.equal(place.text("server"), before);
  assert.equal(await Deno.readLink(unit), "/dev/null");
});

testWith(["root"], "setup --serve makes nothing where another user's links lead", async () => {
  await using place = await makePlace();
  const before = place.text("server");
  const elsewhere = `${place.path}/elsewhere`;
  await Deno.mkdir(elsewhere);
  await Deno.symlink(elsewhere, `${place.root}/etc`);
  await run("chown", ["-h", String(NOBODY), `${place.root}/etc`]);
  for (const how of ["--dry-run", "--yes"]) {
    const { status, stderr } = await place.setup("server", "--serve", how);
    assert.equal(status, 1, how);
    assert.match(stderr, /\/root\/etc belongs to uid 65534/, how);
  }
  assert.deepEqual([...Deno.readDirSync(elsewhere)], []);
  assert.equal(place.text("server"), before);
});

testWith([], "setup asks which way for a configuration that the service has", async () => {
  await using place = await makePlace();
  await place.setup("server", "--serve", "--yes");
  const before = place.text("server");
  const { status, stderr } = await place.plain("server", "--yes");
  assert.equal(status, 1);
  assert.match(stderr, /is set up for the service: use --serve .* or --hook/);
  assert.equal(place.text("server"), before);
});

testWith([], "setup --serve replaces an administrator's unit only with --replace", async () => {
  await using place = await makePlace();
  await place.setup("server", "--serve", "--yes");
  const unit = `${place.root}/${SERVICE}`;
  const mine = place.file(SERVICE).replace("RestartSec=2", "RestartSec=60");
  await Deno.writeTextFile(unit, mine);
  const refused = await place.setup("two", "--serve", "--yes");
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /openvpn-totp\.service" was changed after setup had written it.*drop-in/,
  );
  assert.equal(place.file(SERVICE), mine);
  assert.equal(place.text("two"), hooksConfig());
  const replaced = await place.setup("two", "--serve", "--yes", "--replace");
  assert.equal(replaced.status, 0, replaced.stderr);
  assert.match(replaced.stdout, /^-RestartSec=60$/m);
  const [, copy] = replaced.stdout.match(/^The old version is (\S+)$/m)!;
  assert.equal(await Deno.readTextFile(copy!), mine);
  assert.match(place.file(SERVICE), /server\.sock(.|\n)*two\.sock/);

  await Deno.writeTextFile(unit, "[Unit]\n");
  assert.match((await place.setup("two", "--serve", "--yes")).stderr, /was not written by setup/);
});

testWith(["script"], "setup --serve leaves a unit that is edited while it asks", async () => {
  await using place = await makePlace();
  await place.setup("server", "--serve", "--yes");
  const one = place.file(SERVICE);
  const edited = one.replace("[Service]\n", "[Service]\nLimitNOFILE=65536\n");
  const args = ["setup", "--config", place.config("two"), "--root", place.root, "--serve"];
  await using terminal = new Terminal(`${PROGRAM} ${args.join(" ")}`, {});
  await terminal.shows(/\[y\/N\] $/);
  await Deno.writeTextFile(`${place.root}/${SERVICE}`, edited);
  await terminal.press(/\[y\/N\] $/, "y\n");
  const { status, screen } = await terminal.end();
  assert.equal(status, 1, screen);
  assert.match(screen, /totp\.service" was changed in the meantime and has been left alone/);
  assert.equal(place.file(SERVICE), edited);
  assert.equal(place.text("two"), hooksConfig());
});

testWith(
  ["root", "unshare"],
  "setup --serve says what has no copy, since it wrote it",
  async () => {
    await using place = await makePlace();
    await place.setup("server", "--serve", "--yes");
    const secret = `${place.path}/auth-token.key`;
    const conf = `${place.path}/conf`;
    await Deno.mkdir(conf);
    await Deno.writeTextFile(`${conf}/two.conf`, hooksConfig());
    const [command, ...args] = withMounts(readOnly(conf));
    const { stderr } = await run(command!, [
      ...[...args, PROGRAM, "setup", "--config", `${conf}/two.conf`, "--root", place.root],
      ...["--serve", "--token-secret", secret, "--yes"],
    ]);
    const unit = `"${place.root}/${SERVICE}" (in place of one that setup had written)`;
    const written = `setup wrote "${secret}" (new), ${unit}, and that stays: `;
    assert(stderr.includes(`before that, ${written}`), stderr);
    assert(Deno.statSync(secret).isFile);
  },
);

testWith([], "setup --serve --root writes nothing where a link leads out of the root", async () => {
  await using place = await makePlace();
  const outside = `${place.path}/outside`;
  await Deno.mkdir(outside);
  for (const inPlace of ["etc/systemd/system", "etc/sysusers.d", "etc/tmpfiles.d", "etc"]) {
    const link = `${place.root}/${inPlace}`;
    await Deno.mkdir(link, { recursive: true });
    await Deno.remove(link, { recursive: true });
    await Deno.symlink(outside, link);
    const { status, stderr } = await place.setup("server", "--serve", "--yes");
    assert.equal(status, 1, inPlace);
    const told =
      `"${link}" is a link that leads to "${outside}", outside of --root "${place.root}"`;
    assert(stderr.includes(told), stderr);
    assert.deepEqual(filesBelow(outside), []);
    assert.equal(place.text("server"), hooksConfig());
    await Deno.remove(link);
  }
  // A link within the root is followed.
  await Deno.mkdir(`${place.root}/etc/units`, { recursive: true });
  await Deno.mkdir(`${place.root}/etc/systemd`, { recursive: true });
  await Deno.symlink("../units", `${place.root}/etc/systemd/system`);
  const { status, stderr } = await place.setup("server", "--serve", "--yes");
  assert.equal(status, 0, stderr);
  assert(filesBelow(place.root).includes("etc/units/openvpn-totp.service"));
});

testWith([], "setup --serve prints JSON", async () => {
  await using place = await makePlace();
  const { stdout } = await place.setup("server", "--serve", "--yes", "--json");
  assertDocumented("setup", JSON.parse(stdout), true);
  const { changes, files, commands, backup } = JSON.parse(stdout);
  assert.equal(changes, true);
  assert.equal(files.length, 6);
  assert.equal(commands[0], "systemd-sysusers openvpn-totp.conf");
  assert(backup.startsWith(place.config("server")));
});

testWith(["openvpn"], "OpenVPN takes the configuration for the service", async () => {
  await using place = await makePlace();
  await place.setup("server", "--serve", "--yes");
  const args = ["--config", place.config("server"), "--ovtotp-t-last"];
  const { stdout } = await run("openvpn", args);
  assert.match(stdout, /in \[CMD-LINE\]:1: ovtotp-t-last/);
});

testWith([], "doctor reads what setup --serve wrote as the service's", async () => {
  await using place = await makePlace();
  const { stdout } = await place.setup("server", "--serve", "--yes", "--json");
  const found = JSON.parse(stdout).findings.map(({ id }: { id: string }) => id);
  assert.deepEqual(found, ["token_secret"]);
  const doctor = await run(PROGRAM, ["doctor", "--config", place.config("server"), "--json"]);
  const ids = JSON.parse(doctor.stdout).findings.map(({ id }: { id: string }) => id);
  for (const id of ["management_socket", "pam_socket", "service_user", "service_unit"]) {
    assert(ids.includes(id), id);
  }
  for (const id of ["password_script", "code_script", "script_security", "tmp_dir", "chroot"]) {
    assert(!ids.includes(id), id);
  }
});

testWith(
  [],
  "a service whose database is on another machine can reach it, and back again",
  async () => {
    await using place = await makePlace();
    const url = "postgres://logins@db.example/vpn?passfile=/etc/openvpn-totp/pass";
    const before = hooksConfig(`setenv totpDatabase ${url}`);
    await Deno.writeTextFile(place.config("server"), before);
    const there = await place.setup("server", "--serve", "--yes");
    assert.equal(there.status, 0, there.stderr);
    assert.match(
      place.file(SETTINGS),
      /^totpDatabase postgres:\/\/logins@db\.example\/vpn\?passfile=/m,
    );
    assert.doesNotMatch(place.file(SERVICE), /^IPAddressDeny/m);
    assert.match(place.file(SERVICE), /^After=.* network-online\.target$/m);
    assert.match(there.stdout, /\/etc\/openvpn-totp\/pass$/m);
    assert.doesNotMatch(there.stdout, /token_index/);
    const back = await place.setup("server", "--hook", "--yes");
    assert.equal(back.status, 0, back.stderr);
    assert.equal(place.text("server"), before);
    assert.match(back.stdout, /chown -h root:root \/etc\/openvpn-totp\/pass$/m);
  },
);

testWith([], "setup repeats no password of a URL", async () => {
  await using place = await makePlace();
  await Deno.writeTextFile(
    place.config("server"),
    hooksConfig("setenv totpDatabase postgres://u:geheim@h/d"),
  );
  const { status, stdout, stderr } = await place.setup("server", "--serve", "--yes");
  assert.equal(status, 1);
  assert.match(stderr, /totpDatabase is "postgres:\/\/u:\[redacted\]@h\/d"/);
  assert.doesNotMatch(stdout + stderr, /geheim/);
});
