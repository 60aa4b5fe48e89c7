import assert from "node:assert/strict";
import { readEffectiveConfig } from "../../../../src/server_setup/configuration/effective_config.ts";
import { lastNamed } from "../../../../src/server_setup/openvpn_config/directive.ts";
import { readUnitFile } from "../../../../src/server_setup/systemd/unit_file.ts";

const PATH = "/etc/openvpn/server/server.conf";

/** The directory for temporary files, and the line that says so, as OpenVPN is started by a unit. */
function tmpDir(config: string, ...unit: string[]): string {
  const assignments = readUnitFile(["[Service]", ...unit, ""].join("\n"), "/u");
  const read = readEffectiveConfig(
    PATH,
    { name: "openvpn-server@server.service", assignments },
    () => new TextEncoder().encode(config),
  );
  const at = lastNamed(read, "tmp-dir");
  return at === null ? "" : `${at.words.join()} in ${at.file}:${at.line}`;
}

Deno.test("OpenVPN's directory for temporary files may come from the unit", () => {
  const start = "WorkingDirectory=/etc/openvpn/server";
  const command = "ExecStart=/usr/sbin/openvpn --tmp-dir /v --config %i.conf";
  const rows: [is: string, config: string, ...unit: string[]][] = [
    ["", "dev tun\n", start],
    ["/v in /u:3", "dev tun\n", start, command],
    ["/t in /u:2", "dev tun\n", "Environment=TMPDIR=/t"],
    ["/t in /u:2", "dev tun\n", "Environment=A=b TMPDIR=/t C=d"],
    ["/t u in /u:3", "dev tun\n", "Environment=TMPDIR=/s", 'Environment="A=b" "TMPDIR=/t u"'],
    ["/t u in /u:2", "dev tun\n", "Environment=A=b 'TMPDIR=/t u'"],
    ["/t u in /u:2", "dev tun\n", 'Environment=TMPDIR=/s TMPDIR="/t u"'],
    ["/run/server%x in /u:2", "dev tun\n", "Environment=TMPDIR=%t/%i%%x"],
    ["", "dev tun\n", "Environment=TMPDIR=/s", "Environment="],
    ["", "dev tun\n", "Environment=OTHER_TMPDIR=/s"],
    [" in /u:3", "dev tun\n", "Environment=TMPDIR=/s", "Environment=TMPDIR="],
    ["", "dev tun\n", "Environment=TMPDIR=/s", "UnsetEnvironment=A TMPDIR"],
    ["", "dev tun\n", "Environment=TMPDIR=/s", "UnsetEnvironment=TMPDIR=/s"],
    ["/s in /u:2", "dev tun\n", "Environment=TMPDIR=/s", "UnsetEnvironment=TMPDIR=/t"],
    ["/v in /u:4", "dev tun\n", "Environment=TMPDIR=/t", start, command],
    [`/c in ${PATH}:1`, "tmp-dir /c\n", "Environment=TMPDIR=/t"],
  ];
  for (const [is, config, ...unit] of rows) {
    assert.equal(tmpDir(config, ...unit), is, unit.join());
  }
});
