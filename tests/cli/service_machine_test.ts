import assert from "node:assert/strict";
import type { Finding } from "../../src/server_setup/doctor/finding.ts";
import { mustRun } from "../lab/command.ts";
import { makeTestDirectory, PROGRAM } from "../lab/program.ts";
import { testWith } from "../lab/requirements.ts";

/**
 * Plays an administrator on a machine of its own: directories that are set up are copies, which end
 * with the process. Prints sections, each after a line `== NAME`.
 */
const ADMINISTRATOR = `
set -eu
built=$1 place=$2 program=/usr/local/bin/openvpn-totp
mount -t tmpfs -o mode=755 tmpfs /usr/local/bin
cp "$built" "$program"
mkdir "$place/etc" && cp -a /etc/. "$place/etc"
# The kernel is this machine's: what is done here is not to change the profiles that it has loaded.
rm -rf "$place/etc/apparmor.d"
mount --bind "$place/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/lib
cd /
mkdir -p /etc/openvpn/server
cat > /etc/openvpn/server/server.conf
cp /etc/openvpn/server/server.conf "$place/before"
"$program" enroll -- root > /dev/null 2>&1

# Runs the printed commands that need no running systemd.
follow() {
  sed -n '/^Next, in this order:$/,$ s/^  //p' | grep -v -e '^systemctl' -e '^openvpn-totp' > "$place/steps"
  sh -eu "$place/steps"
}

"$program" setup --serve --yes | follow
python3 - <<'END'
import grp, os, socket
for path, group, mode in (("pam", grp.getgrnam("openvpn-totp").gr_gid, 0o660), ("server", 0, 0o777)):
    path = f"/run/openvpn-totp/{path}.sock"
    socket.socket(socket.AF_UNIX).bind(path)
    os.chown(path, 0, group)
    os.chmod(path, mode)
END
echo '== served'
"$program" doctor --all --json || true
echo '== enrolled'
"$program" enroll -- daemon > /dev/null 2>&1
"$program" list
stat -c '%U:%G %a %n' /var/lib/openvpn-totp /var/lib/openvpn-totp/* /etc/openvpn-totp /etc/openvpn-totp/*
echo '== hooked'
"$program" setup --hook --yes | follow
"$program" doctor --all --json || true
echo '== left'
cmp "$place/before" /etc/openvpn/server/server.conf && echo same
ls /etc/openvpn-totp
`;

testWith(
  ["root", "unshare", "python3", "systemd-sysusers"],
  "setup's commands lead to a service that doctor finds right, and back",
  async () => {
    await using directory = await makeTestDirectory();
    const program = "/usr/local/bin/openvpn-totp";
    const config = [
      "dev tun",
      "script-security 2",
      `auth-user-pass-verify ${program} via-file`,
      `client-crresponse ${program}`,
      "setenv totpLog syslog",
      "auth-gen-token",
      "",
    ].join("\n");
    const args = ["-m", "sh", "-c", ADMINISTRATOR, "sh", PROGRAM, directory.path];
    const output = await mustRun("unshare", args, { stdin: config });
    const sections = new Map(
      output.split(/^== /m).slice(1).map((part) => {
        const [name = "", ...lines] = part.split("\n");
        return [name, lines.join("\n")];
      }),
    );
    const levels = (name: string) =>
      new Map(
        (JSON.parse(sections.get(name)!).findings as Finding[]).map(({ id, level }) => [id, level]),
      );
    const served = levels("served");
    const right = [
      ...["management", "management_socket", "pam_socket", "service_settings", "service_user"],
      ...["service_unit", "database", "database_write", "secrets", "unit_paths", "dropped_rights"],
    ] as const;
    for (const id of right) assert.equal(served.get(id), "ok", id);
    assert.equal(served.get("password_script"), undefined);

    const enrolled = sections.get("enrolled")!;
    assert.match(enrolled, /^daemon /m);
    const owners = enrolled.split("\n").filter((line) => / \//.test(line));
    assert(owners.length >= 5, enrolled);
    for (const line of owners) {
      const expected = line.endsWith("serve.conf")
        ? /^root:root 644 /
        : line.endsWith("/etc/openvpn-totp")
        ? /^root:openvpn-totp 750 /
        : /^openvpn-totp:openvpn-totp (600|700) /;
      assert.match(line, expected);
    }

    const hooked = levels("hooked");
    for (const id of ["password_script", "code_script", "database", "secrets"] as const) {
      assert.equal(hooked.get(id), "ok", id);
    }
    assert.equal(sections.get("left"), "same\nkey\n");
  },
);
