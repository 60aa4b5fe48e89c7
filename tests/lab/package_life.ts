import assert from "node:assert/strict";
import { PURGE_MARK } from "../../scripts/release/maintainer_scripts.ts";
import { mustRun, run } from "./command.ts";

/** Two versions of a package, and where they are installed. */
export interface PackageLife {
  /** The root directory of a system. */
  root: string;
  /** Paths of the packages, as the commands below see them. */
  older: string;
  newer: string;
  /** Runs dpkg on the system; gives all that it prints. */
  dpkg(...args: string[]): Promise<string>;
  /** Runs the installed program with the default database and key file of the system. */
  program(...args: string[]): Promise<string>;
}

const PROGRAM = "/usr/bin/openvpn-totp";
const STATE = "/var/lib/openvpn-totp";
const CONFIGURATION = "/etc/openvpn-totp";
const FILTER = "/etc/fail2ban/filter.d/openvpn-totp.conf";
const DATABASE = `${STATE}/token_index.sqlite3`;
const KEY = `${CONFIGURATION}/key`;

/**
 * Installs, upgrades, removes and purges a Debian package, and looks at what becomes of files.
 */
export async function liveThrough(life: PackageLife): Promise<void> {
  await life.dpkg("--install", life.older);
  await requireSafeFiles(life);
  assert.match(await life.program("--version"), /^openvpn-totp \d/);
  await life.program("enroll", "root");
  await upgrade(life);
  await removeAndPurge(life);
  await purgeWithMark(life);
}

/** All belongs to root, and nobody else can write anywhere. */
async function requireSafeFiles({ root, dpkg }: PackageLife): Promise<void> {
  const paths = (await dpkg("--listfiles", "openvpn-totp")).trim().split("\n");
  assert(paths.includes(PROGRAM) && paths.length > 30);
  for (const path of paths) {
    const { uid, gid, mode, isSymlink } = await Deno.lstat(`${root}${path}`);
    assert.deepEqual([uid, gid, isSymlink], [0, 0, false], path);
    assert.equal(mode! & 0o7022, 0, path);
  }
}

/** An administrator's change of a configuration file, users and key outlive an upgrade. */
async function upgrade(life: PackageLife): Promise<void> {
  const changed = `${await Deno.readTextFile(`${life.root}${FILTER}`)}# changed\n`;
  await Deno.writeTextFile(`${life.root}${FILTER}`, changed);
  const key = await Deno.readFile(`${life.root}${KEY}`);
  const before = await versionOf(life);
  await life.dpkg("--force-confold", "--install", life.newer);
  // Once more, as after an interruption.
  await script(life, "postinst", "configure", before);
  await mustRun("dpkg", ["--compare-versions", before, "lt", await versionOf(life)]);
  assert.equal(await Deno.readTextFile(`${life.root}${FILTER}`), changed);
  assert.deepEqual(await Deno.readFile(`${life.root}${KEY}`), key);
  assert.match(await life.program("list"), /^root /m);
}

async function versionOf({ root }: PackageLife): Promise<string> {
  return await mustRun("dpkg-query", [
    ...[`--admindir=${root}/var/lib/dpkg`, "--show", "--showformat=${Version}", "openvpn-totp"],
  ]);
}

/** Neither takes users and key away, and both say what they mean. */
async function removeAndPurge(life: PackageLife): Promise<void> {
  const removed = await life.dpkg("--remove", "openvpn-totp");
  assert.match(removed, /servers that are set up for it refuse all logins/);
  assert(!await exists(life, PROGRAM));
  assert(await exists(life, FILTER), "configuration files stay until a purge");
  await refuseFalseMarks(life);
  const purged = await life.dpkg("--purge", "openvpn-totp");
  assert.match(purged, new RegExp(`kept \\S*${STATE};`));
  assert.match(purged, new RegExp(`kept \\S*${CONFIGURATION};`));
  assert(!await exists(life, FILTER));
  await requireKept(life);
}

async function requireKept(life: PackageLife): Promise<void> {
  for (const path of [DATABASE, KEY]) assert(await exists(life, path), path);
}

/** A link, a file of somebody else's, or one with something in it is no administrator's word. */
async function refuseFalseMarks(life: PackageLife): Promise<void> {
  const mark = `${life.root}${PURGE_MARK}`;
  const plants = [
    () => Deno.symlink("key", mark),
    () => Deno.mkdir(mark),
    async () => {
      await Deno.writeTextFile(mark, "");
      await Deno.chown(mark, 1, 1);
    },
    () => Deno.copyFile(`${life.root}${KEY}`, mark),
  ];
  for (const plant of plants) {
    await plant();
    assert.match(await script(life, "postrm", "purge"), /kept /);
    await requireKept(life);
    await Deno.remove(mark);
  }
}

/** Runs one of the package's scripts as dpkg does. */
function script({ root }: PackageLife, name: string, ...args: string[]): Promise<string> {
  return mustRun("chroot", [root, "sh", `/var/lib/dpkg/info/openvpn-totp.${name}`, ...args]);
}

/** All goes, but nothing that the service's user could have led to from its directory. */
async function purgeWithMark(life: PackageLife): Promise<void> {
  const { root } = life;
  await life.dpkg("--install", life.newer);
  await Deno.mkdir(`${root}/srv/others`, { recursive: true });
  await Deno.writeTextFile(`${root}/srv/others/file`, "not ours");
  await Deno.symlink("/srv/others", `${root}${STATE}/directory`);
  await Deno.symlink("../../../srv/others/file", `${root}${STATE}/-rf`);
  await Deno.writeTextFile(`${root}${PURGE_MARK}`, "");
  await refuseMount(life);
  await requireKept(life);
  const purged = await life.dpkg("--purge", "openvpn-totp");
  assert.match(purged, /deleting /);
  for (const path of [STATE, CONFIGURATION]) assert(!await exists(life, path), path);
  assert.equal(await Deno.readTextFile(`${root}/srv/others/file`), "not ours");
}

/** What is mounted in one of the directories is another's, whether of the same file system or not. */
async function refuseMount({ root }: PackageLife): Promise<void> {
  const inside = `
mkdir -p "$0/proc" "$0${STATE}/mounted"
mount -t proc proc "$0/proc"
mount --bind "$0/srv/others" "$0${STATE}/mounted"
exec chroot "$0" sh /var/lib/dpkg/info/openvpn-totp.postrm purge`;
  const { status, stderr } = await run("unshare", ["--mount", "sh", "-ec", inside, root]);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /\/mounted is a mount, so nothing is deleted/);
  assert.equal(await Deno.readTextFile(`${root}/srv/others/file`), "not ours");
}

async function exists({ root }: PackageLife, path: string): Promise<boolean> {
  const { status } = await run("test", ["-e", `${root}${path}`]);
  return status === 0;
}
