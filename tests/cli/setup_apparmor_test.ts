import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { compile, makeProfile, OPENVPN_PROFILE } from "../lab/apparmor.ts";
import { mustRun, run } from "../lab/command.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { readOnly, withMounts } from "../lab/unit_sandbox.ts";

const NOBODY = 65534;

/** Servers' configurations, and a root directory in which AppArmor has OpenVPN's profile. */
async function makePlace(profile?: string) {
  const directory = await makeTestDirectory();
  const { path } = directory;
  const root = `${path}/root`;
  const local = `${root}/etc/apparmor.d/local/openvpn`;
  await makeProfile(root, profile);
  const config = (name: string) => `${path}/${name}.conf`;
  for (const name of ["one", "two"]) await Deno.writeTextFile(config(name), "dev tun\n");
  return Object.assign(directory, {
    root,
    config,
    local,
    rules: () => Deno.readTextFileSync(local),
    /** Names in the directory of the local rules. */
    names: () =>
      [...Deno.readDirSync(`${root}/etc/apparmor.d/local`)].map(({ name }) => name).sort(),
    write: async (text: string | Uint8Array) => {
      await Deno.mkdir(`${root}/etc/apparmor.d/local`, { recursive: true });
      await Deno.writeFile(
        local,
        typeof text === "string" ? new TextEncoder().encode(text) : text,
      );
    },
    setup: (name: string, ...args: string[]) =>
      run(PROGRAM, ["setup", "--config", config(name), "--root", root, ...args]),
  });
}

/** The rules for a server. */
function block(config: string, ...rules: string[]): string {
  const begin = `# openvpn-totp: begin (setup writes these lines, for ${config})`;
  return [begin, ...rules, "# openvpn-totp: end", ""].join("\n");
}

const HOOK_RULES = [`${PROGRAM} PUx,`, "owner /tmp/openvpn_*.tmp rw,"];

testWith(
  ["root", "apparmor_parser"],
  "setup adds AppArmor's rules to those that are there, once, and takes them out again",
  async () => {
    await using place = await makePlace();
    const mine = "# mine\n/srv/x r, # \u00e9";
    await place.write(mine);
    await Deno.chown(place.local, 0, 4);
    await Deno.chmod(place.local, 0o640);
    const dry = await place.setup("one", "--dry-run");
    assert.match(dry.stdout, /^\+\S+openvpn-totp PUx,$/m, dry.stderr);
    assert.deepEqual([place.names(), place.rules()], [["openvpn"], mine]);

    const done = await place.setup("one", "--yes");
    assert.match(
      done.stdout,
      /^Next, in .*\n {2}apparmor_parser -r \S+\n {2}# restart OpenVPN\n {2}openvpn-totp doctor --config \S+one\.conf\n$/m,
    );
    assert.equal(place.rules(), `${mine}\n${block(place.config("one"), ...HOOK_RULES)}`);
    const [, backup] = place.names();
    assert.match(backup!, /^openvpn\.backup-\d{8}-\d{6}$/);
    for (const name of place.names()) {
      const { mode, gid } = Deno.statSync(`${place.root}/etc/apparmor.d/local/${name}`);
      assert.deepEqual([mode! & 0o777, gid], [0o640, 4], name);
    }
    const { error, paths } = await compile(place.root);
    assert.equal(error, "");
    assert(paths.includes("/srv/x") && paths.includes(PROGRAM));

    const again = await place.setup("one", "--yes", "--json");
    assert.deepEqual(JSON.parse(again.stdout).apparmor, {
      file: place.local,
      changes: false,
      backup: null,
      notes: [],
      command: null,
    });
    assert.equal(place.names().length, 2);

    const taken = await place.setup("one", "--yes", "--no-apparmor", "--json");
    const { changes, backup: copy, command } = JSON.parse(taken.stdout).apparmor;
    assert.deepEqual([changes, command], [true, "apparmor_parser -r /etc/apparmor.d/openvpn"]);
    assert(place.names().includes(copy.slice(copy.lastIndexOf("/") + 1)));
    assert.equal(place.rules(), `${mine}\n`);
  },
);

testWith(
  [],
  "each server has its own rules for AppArmor, as hooks or the service need them",
  async () => {
    await using place = await makePlace();
    await Deno.mkdir(`${place.path}/a b"{c}`);
    await Deno.writeTextFile(place.config("two"), `tmp-dir '${place.path}/a b"{c}'\n`);
    const done = await place.setup("one", "--yes");
    assert.match(done.stdout, /^Created \S+\/etc\/apparmor\.d\/local\/openvpn$/m, done.stderr);
    assert.equal(Deno.statSync(place.local).mode! & 0o777, 0o644);
    assert.equal((await place.setup("two", "--yes")).status, 0);
    const one = block(place.config("one"), ...HOOK_RULES);
    const two = block(
      place.config("two"),
      HOOK_RULES[0]!,
      `owner "${place.path}/a b\\"\\{c\\}/openvpn_*.tmp" rw,`,
    );
    assert.equal(place.rules(), one + two);

    const served = await place.setup("one", "--serve", "--yes");
    const socket = block(place.config("one"), "/run/openvpn-totp/one.sock rw,");
    assert.equal(place.rules(), socket + two, served.stderr);
    assert.match(
      served.stdout,
      /\n {2}apparmor_parser -r \S+\n {2}# restart OpenVPN\n {2}openvpn-totp doctor --config \S+one\.conf/,
    );
    assert.equal((await place.setup("one", "--hook", "--yes")).status, 0);
    assert.equal(place.rules(), one + two);
    const taken = await place.setup("two", "--no-apparmor", "--yes");
    assert.match(
      taken.stdout,
      /^Next: apparmor_parser \S+ \S+\n {6}openvpn-totp doctor --config \S+two\.conf\n$/m,
    );
    assert.equal(place.rules(), one);
  },
);

testWith(
  [],
  "setup leaves AppArmor alone where OpenVPN has no profile, unless it is asked",
  async () => {
    await using place = await makePlace();
    await Deno.remove(`${place.root}/etc/apparmor.d`, { recursive: true });
    const plain = await place.setup("one", "--yes", "--json");
    assert.equal(JSON.parse(plain.stdout).apparmor, null);
    assert.throws(() => place.names(), Deno.errors.NotFound);
    const asked = await place.setup("one", "--apparmor", "--yes", "--json");
    const { changes, command, notes } = JSON.parse(asked.stdout).apparmor;
    assert.deepEqual([changes, command], [true, null]);
    assert.match(notes[0], /there is no \/etc\/apparmor\.d\/openvpn/);
  },
);

testWith([], "setup says if the profile does not include the rules", async () => {
  await using place = await makePlace(OPENVPN_PROFILE.replace(/^.*local\/openvpn.*$/m, ""));
  const { stdout } = await place.setup("one", "--dry-run");
  assert.match(stdout, /^Note: \S+ does not include \/etc\/apparmor\.d\/local\/openvpn, so /m);
});

testWith(
  ["root"],
  "setup refuses to touch AppArmor's rules where it could do harm, and changes nothing",
  async () => {
    await using place = await makePlace();
    const refuses = async (line: RegExp) => {
      const before = [...place.names(), await Deno.readTextFile(place.config("one"))];
      const { status, stderr } = await place.setup("one", "--yes");
      assert.equal(status, 1, stderr);
      assert.match(stderr.replace(/^openvpn-totp: warning: .*\n/, ""), line);
      assert.match(
        stderr,
        / \(--no-apparmor skips this, and removes this server's rules for \S+\)\n$/,
      );
      assert.match(stderr, /^openvpn-totp: [^\n]+\n$/);
      assert.deepEqual(
        [...place.names(), await Deno.readTextFile(place.config("one"))],
        before,
      );
    };
    await place.write(`/srv/x r,\n"${PROGRAM}" rix,\n`);
    await refuses(/local\/openvpn:2 \(rix\) keeps "\S+" within OpenVPN's own profile, .*remove it/);
    const text = block(place.config("one"), "/x r,").replace("# openvpn-totp: end\n", "");
    await place.write(text);
    await refuses(/line 1: .*by hand/);
    const elsewhere = `${place.path}/elsewhere`;
    await Deno.writeTextFile(elsewhere, "precious\n");
    await Deno.remove(place.local);
    await Deno.symlink(elsewhere, place.local);
    await mustRun("chown", ["-h", `${NOBODY}`, place.local]);
    await refuses(/local\/openvpn belongs to uid 65534/);
    await mustRun("chown", ["-h", "0", place.local]);
    await refuses(/local\/openvpn" is a link that leads to "\S+\/elsewhere", outside of --root/);
    await mustRun("chown", ["-h", `${NOBODY}`, place.local]);
    assert.equal(await Deno.readTextFile(elsewhere), "precious\n");
    const profile = `${place.root}/etc/apparmor.d/openvpn`;
    await Deno.remove(profile);
    for (const target of ["/gone", "/dev/null", place.root]) {
      await Deno.symlink(target, profile);
      await refuses(/etc\/apparmor\.d\/openvpn/);
      await Deno.remove(profile);
    }
    await Deno.writeFile(profile, new Uint8Array(1024 * 1024 + 1));
    await refuses(/apparmor\.d\/openvpn": it is larger than 1048576 bytes/);
    // And with that option, it does all else.
    const { status, stdout, stderr } = await place.setup("one", "--yes", "--no-apparmor");
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^Note: AppArmor's rules stay as they are: .* uid 65534/m);
    assert.match(await Deno.readTextFile(place.config("one")), /^auth-user-pass-verify /m);
  },
);

testWith(
  [],
  "setup adds no rule for the program where somebody has written one that serves",
  async () => {
    await using place = await makePlace();
    const mine = `${PROGRAM} rUx,\n`;
    await place.write(mine);
    assert.equal((await place.setup("one", "--yes")).status, 0);
    assert.equal(place.rules(), mine + block(place.config("one"), HOOK_RULES[1]!));
  },
);

testWith(["root", "unshare"], "setup says what it wrote before it failed", async () => {
  await using place = await makePlace();
  await place.write("# mine\n");
  const conf = `${place.path}/conf`;
  await Deno.mkdir(conf);
  await Deno.writeTextFile(`${conf}/one.conf`, "dev tun\n");
  const [command, ...args] = withMounts(readOnly(conf));
  const setup = [PROGRAM, "setup", "--config", `${conf}/one.conf`, "--root", place.root, "--yes"];
  const { status, stderr } = await run(command!, [...args, ...setup]);
  assert.equal(status, 1);
  const [, copy] = place.names();
  const written = `"${place.local}" (the old version is "${
    place.local.replace("openvpn", copy!)
  }")`;
  assert(stderr.includes(`; before that, setup wrote ${written}, and that stays: `), stderr);
  assert.match(place.rules(), /PUx/);
});

testWith(
  ["root", "unshare", "apparmor_parser"],
  "doctor finds the rules that AppArmor lacks, and those that setup wrote",
  async () => {
    await using place = await makePlace();
    const { root } = place;
    const kernel = `${root}/sys`;
    await Deno.mkdir(`${kernel}/module/apparmor/parameters`, { recursive: true });
    await Deno.mkdir(`${kernel}/kernel/security/apparmor`, { recursive: true });
    await Deno.writeTextFile(`${kernel}/module/apparmor/parameters/enabled`, "Y\n");
    const profiles = `${kernel}/kernel/security/apparmor/profiles`;
    await Deno.writeTextFile(profiles, "openvpn (enforce)\n");
    await Deno.writeTextFile(
      place.config("one"),
      `auth-user-pass-verify ${PROGRAM} via-file\nclient-crresponse ${PROGRAM}\n`,
    );
    const found = async () => {
      const [command, ...args] = withMounts(
        `mount --bind ${kernel} /sys`,
        `mount --bind ${root}/etc/apparmor.d /etc/apparmor.d`,
      );
      const doctor = [PROGRAM, "doctor", "--config", place.config("one"), "--json"];
      const { stdout } = await run(command!, [...args, ...doctor]);
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      return findings.filter(({ id }) => id === "apparmor").map(({ level, line }) => [level, line]);
    };
    assert.deepEqual(await found(), HOOK_RULES.map((rule) => ["problem", rule]));
    await place.setup("one", "--yes");
    assert.deepEqual(await found(), [["ok", null]]);
  },
);

testWith(
  ["root", "unshare", "openvpn", "apparmor_parser"],
  "setup writes the rule for the directory that the unit gives OpenVPN, and looks at that OpenVPN",
  async () => {
    await using place = await makePlace();
    const { path, root } = place;
    const openvpn = `${path}/openvpn/started`;
    const start = `ExecStart=${openvpn} --config /etc/openvpn/server/%i.conf`;
    const unit = `[Service]\nEnvironment=TMPDIR=/var/vpn-tmp\n${start}\n`;
    await Deno.mkdir(`${path}/system`);
    await Deno.writeTextFile(`${path}/system/openvpn-server@.service`, unit);
    await Deno.mkdir(`${path}/openvpn/server`, { recursive: true });
    await Deno.writeTextFile(openvpn, "\0OpenVPN 2.6.3 x86_64-pc-linux-gnu [SSL]");
    const tokens = "auth-gen-token 0 external-auth\n";
    await Deno.writeTextFile(`${path}/openvpn/server/one.conf`, `dev tun\n${tokens}`);
    const [command, ...args] = withMounts(
      `mount --bind ${root}/etc/apparmor.d /etc/apparmor.d`,
      `mount --bind ${path}/system /etc/systemd/system`,
      `mount --bind ${path}/openvpn /etc/openvpn`,
    );
    const setup = [PROGRAM, "setup", "--config", "/etc/openvpn/server/one.conf", "--yes"];
    const { status, stdout, stderr } = await run(command!, [...args, ...setup]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /external-auth, and OpenVPN is 2\.6\.3$/m);
    assert.match(place.rules(), /^owner \/var\/vpn-tmp\/openvpn_\*\.tmp rw,$/m);
  },
);
