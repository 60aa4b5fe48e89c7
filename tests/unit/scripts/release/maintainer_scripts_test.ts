import assert from "node:assert/strict";
import { POSTINST, POSTRM, RPM_POST } from "../../../../scripts/release/maintainer_scripts.ts";
import { mustRun, run } from "../../../lab/command.ts";
import { makeTestDirectory, writeScript } from "../../../lab/program.ts";

/** Whoever restarts a unit here writes down how it was called. */
const RECORDER = `#!/bin/sh\necho "$*" >> "$(dirname "$0")/calls"\n`;

const INSTALLS = [
  ["Debian's package, for the first time", POSTINST, "deb-systemd-invoke", ["configure", ""]],
  ["Debian's package, over another version", POSTINST, "deb-systemd-invoke", ["configure", "1-1"]],
  ["rpm's package, for the first time", RPM_POST, "systemctl", ["1"]],
  ["rpm's package, over another version", RPM_POST, "systemctl", ["2"]],
] as const;

for (const [what, script, command, args] of INSTALLS) {
  Deno.test(`a service that runs is restarted after the installation of ${what}`, async () => {
    await using directory = await makeTestDirectory();
    const { path } = directory;
    await writeScript(`${path}/${command}`, RECORDER);
    const here = script.replace("/run/systemd/system", path);
    await mustRun("sh", ["-c", here, "script", ...args], {
      env: { PATH: `${path}:/bin:/usr/bin` },
    });
    const calls = await Deno.readTextFile(`${path}/calls`);
    assert.equal(calls, "try-restart openvpn-totp.service\n");
  });
}

Deno.test("a service is not touched while a package's configuration is aborted", async () => {
  await using directory = await makeTestDirectory();
  const { path } = directory;
  await writeScript(`${path}/deb-systemd-invoke`, RECORDER);
  const here = POSTINST.replace("/run/systemd/system", path);
  await mustRun("sh", ["-c", here, "script", "abort-upgrade"], {
    env: { PATH: `${path}:/bin:/usr/bin` },
  });
  await assert.rejects(Deno.stat(`${path}/calls`), Deno.errors.NotFound);
});

/** A root directory where a purge is to delete what is in /etc/openvpn-totp. */
async function makeMarkedRoot() {
  const directory = await makeTestDirectory();
  const configuration = `${directory.path}/etc/openvpn-totp`;
  await Deno.mkdir(configuration, { recursive: true });
  await Deno.mkdir(`${directory.path}/var/lib`, { recursive: true });
  await Deno.writeTextFile(`${configuration}/key`, "a key");
  await Deno.writeTextFile(`${configuration}/delete-on-purge`, "");
  const purge = (env: Record<string, string> = {}) =>
    run("sh", ["-c", POSTRM, "postrm", "purge"], { env: { DPKG_ROOT: directory.path, ...env } });
  return Object.assign(directory, { configuration, purge });
}

Deno.test("a purge that was interrupted can be repeated", async () => {
  await using root = await makeMarkedRoot();
  const { path, configuration, purge } = root;
  await Deno.mkdir(`${path}/bin`);
  const failing = `#!/bin/sh\ncase "$*" in */key) exit 1 ;; esac\nexec /bin/rm "$@"\n`;
  await writeScript(`${path}/bin/rm`, failing);
  assert.equal((await purge({ PATH: `${path}/bin:/bin:/usr/bin` })).status, 1);
  assert.equal((await purge()).status, 0);
  await assert.rejects(Deno.stat(configuration), Deno.errors.NotFound);
});

Deno.test("a purge says that it keeps what a link in a directory's place leads to", async () => {
  await using root = await makeMarkedRoot();
  const { path, purge } = root;
  await Deno.mkdir(`${path}/elsewhere`);
  await Deno.writeTextFile(`${path}/elsewhere/file`, "");
  const state = `${path}/var/lib/openvpn-totp`;
  await Deno.symlink(`${path}/elsewhere`, state);
  const { status, stdout } = await purge();
  assert.equal(status, 0);
  assert.match(stdout, /openvpn-totp is a link: deleting it, and keeping what it leads to/);
  assert(Deno.statSync(`${path}/elsewhere/file`).isFile);
  assert.throws(() => Deno.lstatSync(state), Deno.errors.NotFound);
});
