import assert from "node:assert/strict";
import { checkSelinux } from "../../../../src/server_setup/doctor/selinux_check.ts";
import type { SelinuxFacts } from "../../../../src/server_setup/doctor/selinux_facts.ts";
import type { SetUp } from "../../../../src/server_setup/doctor/set_up.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const labelled = (path: string, type: string | null) => ({
  path,
  label: type === null ? null : `system_u:object_r:${type}:s0`,
});

/** What doctor says of a machine as it is before anything was done about SELinux. */
function found(other: Partial<SelinuxFacts> = {}, service: unknown = null) {
  const selinux: SelinuxFacts = {
    isEnforcing: true,
    openvpn: labelled("/usr/sbin/openvpn", "openvpn_exec_t"),
    programs: [labelled(PROGRAM, "bin_t")],
    database: [labelled("/var/lib/openvpn-totp", "var_lib_t"), labelled("/var/lib/x", null)],
    runsUnconfined: false,
    ...other,
  };
  const serviceSettings = service === null ? null : { path: "/s", values: new Map(), error: null };
  const [{ id, ...finding }, ...rest] = checkSelinux(
    { selinux, serviceSettings, service } as unknown as SetUp,
  ) as [ReturnType<typeof checkSelinux>[0]];
  assert.deepEqual([id, rest], ["selinux", []]);
  return finding;
}

const SCRIPT = [labelled(PROGRAM, "openvpn_unconfined_script_exec_t")];
const LABEL = `semanage fcontext -a -t openvpn_unconfined_script_exec_t ${PROGRAM}`;
const OWN = labelled("/x", "openvpn_var_lib_t");
const SWITCH = "setsebool -P openvpn_run_unconfined on";

Deno.test("SELinux: what keeps the program in OpenVPN's domain is told, with the commands", () => {
  assert.deepEqual(found(), {
    level: "problem",
    what: `SELinux keeps the program within OpenVPN's domain (${PROGRAM} has ` +
      "system_u:object_r:bin_t:s0, /var/lib/openvpn-totp has system_u:object_r:var_lib_t:s0, " +
      "/var/lib/x has no label; openvpn_run_unconfined is off)",
    why: "there it may not write a database that root has made (var_lib_t), and every login is " +
      "refused",
    line: null,
    command: `${LABEL} && restorecon ${PROGRAM} && ${SWITCH}`,
    at: null,
  });
  const rows: [other: Partial<SelinuxFacts>, level: string, command: string | null][] = [
    [{ programs: SCRIPT }, "problem", SWITCH],
    [{ runsUnconfined: true }, "problem", `${LABEL} && restorecon ${PROGRAM}`],
    [{ isEnforcing: false, runsUnconfined: true, programs: SCRIPT }, "ok", null],
    [{ isEnforcing: false, programs: SCRIPT }, "warning", SWITCH],
    [{ runsUnconfined: true, programs: SCRIPT }, "ok", null],
    [{ openvpn: labelled("/usr/sbin/openvpn", "bin_t") }, "ok", null],
    [{ runsUnconfined: null }, "warning", "ausearch -m AVC -c openvpn-totp"],
    [{ openvpn: null, programs: SCRIPT }, "problem", SWITCH],
    // On a server, or where OpenVPN may write, or not there yet: nobody has tried it.
    [{ programs: SCRIPT, database: [] }, "warning", SWITCH],
    [{ programs: SCRIPT, database: [OWN, OWN] }, "warning", SWITCH],
    [{ programs: SCRIPT, database: [OWN, labelled("/x", null)] }, "warning", SWITCH],
    [{ programs: SCRIPT, database: [OWN, labelled("/x", "var_lib_t")] }, "problem", SWITCH],
  ];
  for (const [other, level, command] of rows) {
    const finding = found(other);
    assert.deepEqual([finding.level, finding.command], [level, command], JSON.stringify(other));
  }
  assert.equal(checkSelinux({ selinux: null } as SetUp)[0]!.level, "ok");
});

Deno.test("SELinux: with the service, OpenVPN's socket is in doubt, and not the program", () => {
  const served = (file: unknown) => ({ management: { file } });
  for (const service of [served(null), served({ isSocket: false }), { management: null }]) {
    const finding = found({}, service);
    assert.deepEqual([finding.level, finding.command], ["warning", "ausearch -m AVC -c openvpn"]);
    assert.equal(found({ isEnforcing: false }, service).level, "ok");
  }
  assert.equal(found({}, served({ isSocket: true })).level, "ok");
});

Deno.test("SELinux: neither labels nor paths reach a terminal or a shell as they are", () => {
  const program = { path: "/opt/a b;reboot", label: "a:b:\x1b[2Jc:s0" };
  const { what, command } = found({ programs: [program] });
  assert(!what.includes("\x1b") && what.includes("a:b:\\u{1b}[2Jc:s0"));
  assert.equal(
    command,
    "semanage fcontext -a -t openvpn_unconfined_script_exec_t PROGRAM && restorecon PROGRAM && " +
      SWITCH,
  );
});
