import assert from "node:assert/strict";
import { makeDeb } from "../../scripts/release/deb.ts";
import type { Packing } from "../../scripts/release/packing.ts";
import { makeRpm } from "../../scripts/release/rpm.ts";
import { mustRun, run } from "../lab/command.ts";
import { liveThrough } from "../lab/package_life.ts";
import { packingOf, VERSIONS } from "../lab/packages.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";
import { makeSmallRoot } from "../lab/small_root.ts";

/**
 * Makes both versions of a package, and a root directory to install them in. A small file is in the
 * program's place, to save time; what the program does there, the one under test does from outside.
 */
async function makePlace(make: (packing: Packing, directory: string, output: string) => unknown) {
  const place = await makeTestDirectory();
  const root = `${place.path}/root`;
  await makeSmallRoot(root);
  const standIn = `${place.path}/program`;
  await Deno.writeTextFile(standIn, "#!/bin/sh\n");
  const paths = await Promise.all(VERSIONS.map(async (version) => {
    const directory = `${place.path}/${version}`;
    await Deno.mkdir(directory);
    await make(packingOf(version, standIn), directory, `${place.path}/${version}.package`);
    await Deno.remove(directory, { recursive: true });
    return `${place.path}/${version}.package`;
  }));
  const [older = "", newer = ""] = paths;
  return Object.assign(place, {
    ...{ root, older, newer },
    program: (...args: string[]) =>
      mustRun(PROGRAM, [
        ...["--db", `${root}/var/lib/openvpn-totp/token_index.sqlite3`],
        ...["--key", `${root}/etc/openvpn-totp/key`, ...args],
      ]),
  });
}

testWith(
  ["root", "dpkg"],
  "the Debian package installs, upgrades, is removed and purged, and keeps users and key unless asked",
  async () => {
    await using place = await makePlace(makeDeb);
    const dpkg = (...args: string[]) =>
      mustRun("dpkg", [`--root=${place.root}`, "--force-unsafe-io", ...args]);
    await liveThrough({ ...place, dpkg });
  },
);

testWith(
  ["root", "rpmbuild"],
  "the rpm package installs, upgrades and is removed, and keeps users and key",
  async () => {
    await using place = await makePlace(makeRpm);
    const { root, older, newer } = place;
    const rpm = (...args: string[]) => mustRun("rpm", ["--root", root, ...args]);
    await rpm("--install", "--nodeps", older);
    await place.program("enroll", "root");
    const filter = `${root}/etc/fail2ban/filter.d/openvpn-totp.conf`;
    const changed = `${await Deno.readTextFile(filter)}# changed\n`;
    await Deno.writeTextFile(filter, changed);
    await rpm("--upgrade", "--nodeps", newer);
    assert.equal(await rpm("--query", "--qf", "%{VERSION}", "openvpn-totp"), "1.0.0");
    assert.equal(await Deno.readTextFile(filter), changed);
    assert.match(await place.program("list"), /^root /m);
    // Sizes, modes, owners, sums: all but the changed file is as it was packaged.
    const { stdout } = await run("rpm", ["--root", root, "--verify", "--nodeps", "openvpn-totp"]);
    assert.match(stdout, /^S\.5\.{4}T\. {2}c \/etc\/fail2ban\/filter\.d\/openvpn-totp\.conf\n$/);
    const removed = await rpm("--erase", "openvpn-totp");
    assert.match(removed, /kept \/var\/lib\/openvpn-totp;[^]*kept \/etc\/openvpn-totp;/);
    assert.throws(() => Deno.statSync(`${root}/usr/bin/openvpn-totp`), Deno.errors.NotFound);
    assert.throws(() => Deno.statSync(`${root}/usr/share/doc/openvpn-totp`), Deno.errors.NotFound);
    for (const kept of ["var/lib/openvpn-totp/token_index.sqlite3", "etc/openvpn-totp/key"]) {
      assert(Deno.statSync(`${root}/${kept}`).isFile);
    }
  },
);
