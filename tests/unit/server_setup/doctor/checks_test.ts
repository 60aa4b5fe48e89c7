import fc from "fast-check";
import { stripVTControlCharacters } from "node:util";
import { PLAIN } from "../../../../src/admin/terminal/screen.ts";
import assert from "node:assert/strict";
import { checkAll } from "../../../../src/server_setup/doctor/checks.ts";
import { type Finding, ok } from "../../../../src/server_setup/doctor/finding.ts";
import type { FindingId, Level } from "../../../../src/server_setup/doctor/finding_ids.ts";
import { settingsIn } from "../../../../src/server_setup/doctor/settings_in_config.ts";
import { versionIn } from "../../../../src/server_setup/doctor/openvpn_version.ts";
import { checkTmpDir } from "../../../../src/server_setup/doctor/tmp_dir_check.ts";
import { reportText } from "../../../../src/admin/commands/doctor/report.ts";
import type { RunUser, SetUp } from "../../../../src/server_setup/doctor/set_up.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { readUnitFile } from "../../../../src/server_setup/systemd/unit_file.ts";
import { holds } from "../../../lab/fuzz.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";

const GOOD = [
  "dev tun",
  "script-security 2",
  `auth-user-pass-verify ${PROGRAM} via-file`,
  `client-crresponse ${PROGRAM}`,
  "auth-gen-token",
  "auth-gen-token-secret auth-token.key",
].join("\n");

/** The relevant part of Debian's unit for OpenVPN 2.6. */
const UNIT = [
  "[Service]",
  "PrivateTmp=true",
  "CapabilityBoundingSet=CAP_NET_ADMIN CAP_DAC_OVERRIDE CAP_AUDIT_WRITE",
  "LimitNPROC=10",
  "ProtectSystem=true",
  "ProtectHome=true",
].join("\n");

/** A database in which all is well. */
const OPEN = {
  state: "open" as const,
  users: 1,
  fewestDigits: 6,
  closed: null,
  writeTrouble: null,
};

/** A set-up in which all is well except what is given. */
function setUpOf(
  config = GOOD,
  unit = UNIT,
  other: Partial<SetUp> = {},
): SetUp {
  const read = readConfig("/etc/openvpn/server/server.conf", {
    directory: "/etc/openvpn/server",
    readFile: () => new TextEncoder().encode(config),
  });
  const script = (real: string | null) => ({
    real,
    isExecutable: true,
    trouble: null,
  });
  return {
    configPath: "/etc/openvpn/server/server.conf",
    config: read,
    configTrouble: null,
    program: PROGRAM,
    scripts: new Map([
      [PROGRAM, script(PROGRAM)],
      ["/opt/openvpn-totp", script("/opt/openvpn-totp")],
      ["/gone/openvpn-totp", script(null)],
    ]),
    openvpn: { path: "/usr/sbin/openvpn", version: "2.6.22" },
    openvpnTrouble: null,
    unit: {
      name: "openvpn-server@server.service",
      assignments: readUnitFile(unit, "unit"),
    },
    user: { name: "root", uid: 0, gid: 0 },
    serviceSettings: null,
    service: null,
    settings: settingsIn(read),
    tokenSecret: null,
    tmpDir: {
      path: "/tmp",
      info: { uid: 0, gid: 0, mode: 0o1777 },
      trouble: null,
    },
    logDirectory: { uid: 0, gid: 0, mode: 0o755 },
    database: { ...OPEN, users: 2 },
    pam: { service: "login", serviceTrouble: null, startTrouble: null },
    databaseHosts: null,
    pamStack: null,
    clock: { year: 2026, isSynchronised: true },
    apparmor: null,
    selinux: null,
    ...other,
  };
}

/** The levels and ids of all findings that are not ok. */
function found(setUp: SetUp): string[] {
  return checkAll(setUp).filter(({ level }) => level !== "ok")
    .map(({ id, level }) => `${level} ${id}`);
}

const openvpnOf = (version: string) => ({ openvpn: { path: "/o", version } });
const withExternalAuth = (version: string) =>
  setUpOf(withLine("auth-gen-token 86400 external-auth"), UNIT, openvpnOf(version));
const without = (line: string) =>
  GOOD.split("\n").filter((one) => !one.startsWith(line)).join("\n");
const withLine = (...lines: string[]) => [GOOD, ...lines].join("\n");
const withUnit = (...lines: string[]) => setUpOf(GOOD, [UNIT, ...lines].join("\n"));
const EXTERNAL = "setenv totpPrimaryAuth external";
const PLUGIN = "plugin /usr/lib/openvpn/openvpn-plugin-auth-pam.so login";
const VPN = { name: "vpn", uid: 990, gid: 990 };
const tmp = (mode: number, path = "/var/x", uid = 0, gid = 0) => ({
  tmpDir: { path, info: { uid, gid, mode }, trouble: null as string | null },
});

Deno.test("a good set-up has neither problem nor warning", () => {
  const good = [
    setUpOf(),
    setUpOf(withLine("script-security 3", "reneg-sec 660", "hand-window 300")),
    setUpOf(withLine("log-append /var/log/x", "daemon")),
    setUpOf(withLine("daemon", "setenv totpLog syslog")),
    setUpOf(withLine("inactive 0", "verb 4", "keepalive 10 60")),
    setUpOf(withLine("inactive 300", 'setenv totpChallengeText "Code?"')),
    setUpOf(withLine(EXTERNAL), UNIT, { pam: null, user: VPN }),
    setUpOf(
      withLine(EXTERNAL, PLUGIN, "setenv totpChallengeMethods crtext,static"),
      UNIT,
      { pam: null },
    ),
    setUpOf(withLine("setenv-safe other x", "setenv other y")),
    setUpOf(GOOD, UNIT, { unit: null }),
    setUpOf(GOOD, UNIT, tmp(0o700, "/var/x", 0)),
    setUpOf(withLine(EXTERNAL), UNIT, {
      ...tmp(0o770, "/var/x", 0, 990),
      pam: null,
      user: VPN,
    }),
    setUpOf(GOOD, UNIT, { clock: { year: 2026, isSynchronised: null } }),
    withUnit("ProtectSystem=strict", "StateDirectory=openvpn-totp"),
    withUnit("ProtectSystem=strict", "ReadWritePaths=-/var/lib"),
    withUnit("LimitAS=infinity", "TasksMax=20", "TasksMax=50%", "MemoryDenyWriteExecute=yes"),
    withUnit("CapabilityBoundingSet=", "CapabilityBoundingSet=~CAP_SYS_ADMIN"),
    ...["2.6.1", "2.7", "3.0.0"].map((version) => setUpOf(GOOD, UNIT, openvpnOf(version))),
    setUpOf(withLine("auth-gen-token 0 0"), UNIT, openvpnOf("2.7.5")),
    setUpOf(withLine("auth-gen-token 0 2147483647 external-auth", "reneg-sec 2147483647 3600")),
    ...["2.6.21", "2.6.22", "2.7.5", "2.8", "2.10.0", "3.0"].map(withExternalAuth),
  ];
  for (const [i, setUp] of good.entries()) {
    assert.deepEqual(found(setUp), [], `good set-up ${i}`);
  }
});

Deno.test("each broken set-up has its own finding, and no other", () => {
  type Row = [SetUp, Level, FindingId];
  const rows: Row[] = [
    [setUpOf(withLine('push "x')), "problem", "config"],
    [setUpOf(GOOD, UNIT, { configTrouble: "x" }), "problem", "config"],
    [setUpOf(GOOD, UNIT, { openvpn: null, openvpnTrouble: "x" }), "warning", "openvpn_version"],
    ...["2.6.0", "2.6", "2.5.9", "1.7.3"].map((version) =>
      [setUpOf(GOOD, UNIT, openvpnOf(version)), "problem", "openvpn_version"] as Row
    ),
    ...["2.6.1", "2.6.20", "2.7", "2.7.4"].map((version) =>
      [withExternalAuth(version), "warning", "token_crash"] as Row
    ),
    [setUpOf(without("auth-gen-token-secret")), "warning", "token_secret"],
    [setUpOf(without("script-security")), "problem", "script_security"],
    [setUpOf(withLine("script-security 1")), "problem", "script_security"],
    [setUpOf(without("auth-user")), "problem", "password_script"],
    [
      setUpOf(
        without("auth-user") + "\nauth-user-pass-verify /etc/ldap.sh via-file",
      ),
      "problem",
      "password_script",
    ],
    [
      setUpOf(
        without("client-cr") + "\nclient-crresponse /gone/openvpn-totp",
      ),
      "problem",
      "code_script",
    ],
    [
      setUpOf(
        without("client-cr") +
          "\nclient-crresponse '/usr/bin/python3 /etc/openvpn_pam_totp.py'",
      ),
      "problem",
      "code_script",
    ],
    [
      setUpOf(without("client-cr") + "\nclient-crresponse /opt/openvpn-totp"),
      "warning",
      "code_script",
    ],
    [
      setUpOf(withLine(`client-crresponse ${PROGRAM}`)),
      "warning",
      "code_script",
    ],
    [
      setUpOf(
        without("auth-user") + `\nauth-user-pass-verify ${PROGRAM} via-env`,
      ),
      "problem",
      "password_method",
    ],
    [
      setUpOf(
        without("auth-user") +
          `\nscript-security 3\nauth-user-pass-verify ${PROGRAM} via-env`,
      ),
      "warning",
      "password_method",
    ],
    [
      setUpOf(GOOD, UNIT, {
        scripts: new Map([[PROGRAM, {
          real: PROGRAM,
          isExecutable: false,
          trouble: null,
        }]]),
      }),
      "problem",
      "program_file",
    ],
    [
      setUpOf(GOOD, UNIT, {
        scripts: new Map([[PROGRAM, {
          real: PROGRAM,
          isExecutable: true,
          trouble: "others can write it",
        }]]),
      }),
      "problem",
      "program_file",
    ],
    [setUpOf(without("auth-gen")), "warning", "session_token"],
    [
      setUpOf(withLine("reneg-sec 17", "hand-window 8", "setenv totpChallengeTimeout 8")),
      "warning",
      "session_token",
    ],
    [setUpOf(withLine("reneg-sec 0", "hand-window 300")), "problem", "session_token"],
    [setUpOf(withLine("reneg-sec 599", "hand-window 300")), "problem", "session_token"],
    // OpenVPN keeps the words of earlier lines.
    [
      setUpOf(withLine("auth-gen-token 0 60", "auth-gen-token 0")),
      "problem",
      "session_token",
    ],
    [
      setUpOf(
        withLine("auth-gen-token 0 external-auth", "auth-gen-token 0 600"),
        UNIT,
        openvpnOf("2.6.14"),
      ),
      "warning",
      "token_crash",
    ],
    [setUpOf(withLine("reneg-sec 3600 60", "reneg-sec 3600")), "warning", "challenge_time"],
    ...[
      ...["36000 0", "0 -90", "0 4000000000", "0 600 x", "external-auth", "4294967300"]
        .map((words) => `auth-gen-token ${words}`),
      ...["reneg-sec 4294967300", "reneg-sec 3600 x", "hand-window 90s"],
    ].map((line) => [setUpOf(withLine(line)), "problem", "session_token"] as Row),
    [setUpOf(withLine("reneg-sec 599")), "warning", "challenge_time"],
    [setUpOf(withLine("reneg-sec 600")), "warning", "challenge_time"],
    [setUpOf(withLine("reneg-sec 3600 500")), "warning", "challenge_time"],
    [
      setUpOf(withLine("setenv totpChallengeTimeout 1801")),
      "warning",
      "challenge_time",
    ],
    [setUpOf(withLine("inactive 299")), "warning", "inactive"],
    [setUpOf(GOOD, UNIT, { user: VPN }), "problem", "dropped_rights"],
    [
      setUpOf(withLine("user nobdy"), UNIT, {
        user: { name: "nobdy", uid: null, gid: null },
      }),
      "problem",
      "dropped_rights",
    ],
    [
      setUpOf(withLine(EXTERNAL, "verify-client-cert none"), UNIT, {
        pam: null,
      }),
      "problem",
      "password_factor",
    ],
    [setUpOf(withLine(PLUGIN)), "warning", "password_factor"],
    [
      setUpOf(withLine(EXTERNAL, PLUGIN), UNIT, { pam: null }),
      "warning",
      "password_factor",
    ],
    [
      setUpOf(
        withLine(
          EXTERNAL,
          PLUGIN,
          "setenv totpChallengeMethods crtext",
          "auth-gen-token 0 external-auth",
        ),
        UNIT,
        { pam: null },
      ),
      "problem",
      "session_token",
    ],
    [setUpOf(withLine("management-client-auth")), "problem", "management"],
    [setUpOf(withLine("chroot /x")), "problem", "chroot"],
    [
      setUpOf(withLine("auth-user-pass-optional")),
      "warning",
      "optional_username",
    ],
    [
      setUpOf(withLine("static-challenge Code 1")),
      "warning",
      "static_challenge",
    ],
    [setUpOf(withLine("setenv totpDriftStep 1")), "warning", "settings"],
    [setUpOf(withLine("setenv-safe totpLog syslog")), "warning", "settings"],
    [setUpOf(withLine("setenv totpDriftSteps x")), "problem", "settings"],
    [setUpOf(withLine("setenv totpDriftSteps")), "problem", "settings"],
    [setUpOf(withLine("setenv totpDriftSteps 3")), "warning", "guessing"],
    [setUpOf(withLine("setenv totpMaxFailures 100")), "warning", "guessing"],
    [setUpOf(withLine("daemon")), "warning", "log"],
    [
      setUpOf(withLine("setenv totpLog /x/y"), UNIT, { logDirectory: null }),
      "problem",
      "log",
    ],
    [withUnit("StandardError=null"), "warning", "log"],
    [setUpOf(GOOD, UNIT, tmp(0o1777, "/dev/shm")), "problem", "tmp_dir"],
    [setUpOf(GOOD, UNIT, tmp(0o777)), "problem", "tmp_dir"],
    [setUpOf(GOOD, UNIT, tmp(0o770, "/x", 0, 50)), "problem", "tmp_dir"],
    [setUpOf(GOOD, UNIT, tmp(0o700, "/x", 1000)), "problem", "tmp_dir"],
    [
      setUpOf(GOOD, UNIT, {
        tmpDir: { ...tmp(0o700).tmpDir, trouble: "/x belongs to uid 1000" },
      }),
      "problem",
      "tmp_dir",
    ],
    [
      setUpOf(withLine("setenv totpUnenrolled allow")),
      "warning",
      "unenrolled",
    ],
    [
      setUpOf(withLine("script-security 0x3")),
      "problem",
      "script_security",
    ],
    [
      setUpOf(
        withLine(EXTERNAL, "plugin down-root.so x", "verify-client-cert none"),
        UNIT,
        { pam: null },
      ),
      "problem",
      "password_factor",
    ],
    [
      setUpOf(
        withLine(EXTERNAL, "plugin other.so", "verify-client-cert optional"),
        UNIT,
        { pam: null },
      ),
      "warning",
      "password_factor",
    ],
    [
      setUpOf(withLine(PLUGIN, "plugin /usr/lib/openvpn-plugin-down-root.so")),
      "warning",
      "password_factor",
    ],
    [
      setUpOf(GOOD, UNIT, {
        tmpDir: { path: "/x", info: null, trouble: null },
      }),
      "problem",
      "tmp_dir",
    ],
    [
      setUpOf(withLine(EXTERNAL), UNIT, {
        ...tmp(0o755),
        pam: null,
        user: VPN,
      }),
      "problem",
      "tmp_dir",
    ],
    [withUnit("TasksMax=3"), "problem", "unit_tasks"],
    [
      setUpOf(withLine(EXTERNAL), `${UNIT}\nLimitNPROC=3`, {
        pam: null,
        user: VPN,
      }),
      "problem",
      "unit_tasks",
    ],
    [withUnit("LimitAS=4G"), "problem", "unit_memory"],
    [
      withUnit("CapabilityBoundingSet=", "CapabilityBoundingSet=CAP_SETUID"),
      "warning",
      "unit_capabilities",
    ],
    [
      withUnit(
        "CapabilityBoundingSet=",
        "CapabilityBoundingSet=~CAP_AUDIT_WRITE",
      ),
      "warning",
      "unit_capabilities",
    ],
    [withUnit("ProtectSystem=strict"), "problem", "unit_paths"],
    [withUnit("ReadOnlyPaths=/var"), "problem", "unit_paths"],
    [withUnit("InaccessiblePaths=-/etc/openvpn-totp"), "problem", "unit_paths"],
    ...[
      ["totpTokenDbPath", "/root/db"],
      ["totpTokenDbPath", "/tmp/totp/db"],
      ["totpTokenDbPath", "/usr/lib/totp/db"],
      ["totpKeyFile", "/home/admin/key"],
      ["totpLog", "/usr/log"],
    ].map(([name, path]) =>
      [
        setUpOf(withLine(`setenv ${name} ${path}`)),
        "problem",
        "unit_paths",
      ] as Row
    ),
    [
      setUpOf(withLine("tmp-dir /tmp/vpn"), UNIT, tmp(0o700, "/tmp/vpn")),
      "problem",
      "unit_paths",
    ],
    [
      setUpOf(GOOD, UNIT, { database: { state: "missing" } }),
      "problem",
      "database",
    ],
    [
      setUpOf(GOOD, UNIT, { database: { state: "failed", message: "x" } }),
      "problem",
      "database",
    ],
    [
      setUpOf(GOOD, UNIT, {
        database: { state: "older", version: 4, known: 5 },
      }),
      "warning",
      "database",
    ],
    [
      setUpOf(GOOD, UNIT, { database: { state: "unread", message: "x" } }),
      "warning",
      "database",
    ],
    [databaseOf({ writeTrouble: "x" }), "problem", "database_write"],
    [
      databaseOf({ closed: { count: 1, message: "x" } }),
      "problem",
      "secrets",
    ],
    [databaseOf({ users: 0 }), "warning", "secrets"],
    [pamOf({ service: null, serviceTrouble: "x" }), "problem", "pam_service"],
    [pamOf({ startTrouble: "x" }), "problem", "pam_start"],
    [
      setUpOf(GOOD, UNIT, { clock: { year: 1970, isSynchronised: true } }),
      "problem",
      "clock",
    ],
    [
      setUpOf(GOOD, UNIT, { clock: { year: 2026, isSynchronised: false } }),
      "warning",
      "clock",
    ],
  ];
  for (const [i, [setUp, level, id]] of rows.entries()) {
    assert.deepEqual(found(setUp), [`${level} ${id}`], `row ${i}: ${id}`);
  }
});

function databaseOf(
  other: Partial<NonNullable<SetUp["database"]> & { state: "open" }>,
): SetUp {
  return setUpOf(GOOD, UNIT, { database: { ...OPEN, ...other } });
}

function pamOf(other: Partial<NonNullable<SetUp["pam"]>>): SetUp {
  const well = { service: "login", serviceTrouble: null, startTrouble: null };
  return setUpOf(GOOD, UNIT, { pam: { ...well, ...other } });
}

Deno.test("a finding names the line to write, and the place of the existing one", () => {
  const setUp = setUpOf(
    without("auth-user") +
      "\nauth-user-pass-verify /etc/openvpn/openvpn_pam_totp.py via-file" +
      '\nsetenv totpChallengeTxt "Your code"',
  );
  const of = (id: FindingId) => checkAll(setUp).find((one) => one.id === id)!;
  const script = of("password_script");
  assert.equal(script.line, `auth-user-pass-verify ${PROGRAM} via-file`);
  assert.equal(script.at, "/etc/openvpn/server/server.conf:6");
  assert.match(script.what, /older script/);
  assert.equal(of("settings").line, 'setenv totpChallengeText "Your code"');
});

Deno.test("a line for the configuration is not said to belong in a unit", () => {
  const ofUnit = setUpOf(withLine("tmp-dir /x"), UNIT, tmp(0o777, "/x"));
  const { config } = ofUnit;
  const directives = config.directives.map((one) => ({ ...one, file: "/u.service" }));
  const [finding] = checkAll({ ...ofUnit, config: { ...config, directives } })
    .filter(({ id }) => id === "tmp_dir");
  assert.match(finding!.what, /tmp-dir \/x.* \(\/u\.service:7\)$/);
  assert.deepEqual([finding!.line, finding!.at], ["tmp-dir /tmp", null]);
});

Deno.test("servers of two users are not told to share a directory for temporary files", () => {
  const advice = (user: RunUser) =>
    checkTmpDir(setUpOf(withLine(EXTERNAL), UNIT, { ...tmp(0o777, "/tmp"), user }));
  assert.equal(advice(VPN).line, "tmp-dir /var/lib/openvpn-totp-tmp-vpn");
  assert.equal(
    advice(VPN).command,
    "install -d -o vpn -m 0700 /var/lib/openvpn-totp-tmp-vpn",
  );
  assert.notEqual(advice({ ...VPN, name: "other" }).line, advice(VPN).line);
});

/** A configuration with an advised line in place of the one that is named, or at its end. */
function followed(config: string, { line, at }: Finding): string {
  const lines = config.split("\n");
  const place = at === null ? lines.length : Number(at.split(":")[1]) - 1;
  const [before] = lines.splice(place, 1, line!);
  if (before !== undefined) assert.equal(before.split(" ")[0], line!.split(" ")[0]);
  return lines.join("\n");
}

Deno.test("whoever follows the advice about times and session tokens is soon done", () => {
  const number = fc.constantFrom("0", "8", "17", "60", "119", "120", "500", "2000", "4000");
  const words = (name: string, ...more: fc.Arbitrary<string>[]) =>
    fc.tuple(fc.constant(name), ...more).map((all) => all.join(" ").trimEnd());
  const renegotiation = words("reneg-sec", number, fc.constantFrom("", "1", "60"));
  const token = words(
    "auth-gen-token",
    number,
    fc.constantFrom("", "1", "60", "240", "external-auth"),
  );
  // A line may be there twice; OpenVPN then keeps the earlier one's second word.
  const lines = fc.tuple(
    renegotiation,
    renegotiation,
    token,
    words("hand-window", number),
    token,
    words("setenv totpChallengeTimeout", fc.constantFrom("8", "300", "3000")),
  );
  const isTime = ({ id, level }: Finding) =>
    level !== "ok" && ["session_token", "challenge_time"].includes(id);
  holds(
    fc.property(lines.chain((all) => fc.shuffledSubarray(all)), (some) => {
      let config = withLine(...some);
      for (let left = 3; left >= 0; left--) {
        const finding = checkAll(setUpOf(config)).find(isTime);
        if (finding === undefined) return;
        assert(left > 0, config);
        config = followed(config, finding);
      }
    }),
    100,
  );
});

Deno.test("the odds of guessing follow the settings and the digits, and the advice the worst setting", () => {
  const guessing = (setUp: SetUp) => checkAll(setUp).find(({ id }) => id === "guessing");
  const odds = (setUp: SetUp) =>
    Number(guessing(setUp)!.what.match(/odds of 1 in ([\d,]+) a day, or/)![1]!.replaceAll(",", ""));
  const usual = odds(setUpOf());
  const eight = odds(databaseOf({ fewestDigits: 8 }));
  assert(Math.abs(eight / usual / 100 - 1) < 0.1, `${eight} and ${usual}`);
  assert.equal(odds(databaseOf({ fewestDigits: null, users: 0 })), usual);
  assert.equal(odds(setUpOf(GOOD, UNIT, { database: null })), usual);
  assert.match(guessing(databaseOf({ fewestDigits: 8 }))!.what, /code of 8 digits/);
  const none = odds(setUpOf(withLine("setenv totpDriftSteps 0")));
  assert(Math.abs(none / usual / 3 - 1) < 0.1, `${none} and ${usual}`);
  const lineOf = (...lines: string[]) => guessing(setUpOf(withLine(...lines)))!.line;
  assert.equal(lineOf("setenv totpDriftSteps 10"), "setenv totpDriftSteps 1");
  assert.equal(lineOf("setenv totpMaxFailures 100"), "setenv totpMaxFailures 5");
  const both = ["setenv totpDriftSteps 3", "setenv totpMaxFailures 100"];
  assert.equal(lineOf(...both), "setenv totpMaxFailures 5");
  assert.equal(guessing(setUpOf(withLine(EXTERNAL), UNIT, { pam: null, user: VPN })), undefined);
});

Deno.test("nothing is reported about settings in a configuration that OpenVPN does not read", () => {
  const findings = checkAll(setUpOf('push "open\n'));
  assert.deepEqual(
    findings.map(({ id, level }) => `${level} ${id}`),
    ["problem config", "ok openvpn_version", "ok clock"],
  );
});

Deno.test("an invalid setting hides nothing else", () => {
  const setUp = setUpOf(
    withLine("setenv totpMaxFailures 0\ninactive 60\nuser nobody"),
  );
  const problems = checkAll({
    ...setUp,
    user: { name: "nobody", uid: 65534, gid: 65534 },
  }).filter(({ level }) => level !== "ok").map(({ id }) => id);
  for (const id of ["settings", "inactive", "dropped_rights"] as const) {
    assert(problems.includes(id), problems.join());
  }
});

Deno.test("the report shows hostile text escaped, and colours if allowed", () => {
  const setUp = setUpOf(withLine('setenv "totp\x1b[31mx" 1'));
  const plain = reportText(checkAll(setUp), PLAIN);
  assert(!plain.includes("\x1b"));
  assert.match(plain, /totp\\u\{1b\}\[31mx is not a setting: see docs\/settings\.md/);
  assert.match(plain, /^0 problems, 1 warning\.$/m);
  const onTerminal = reportText(checkAll(setUp), {
    columns: 80,
    hasColor: true,
  });
  assert(onTerminal.includes("\x1b[33mwarning\x1b[39m  settings "));
  const lines = stripVTControlCharacters(onTerminal).split("\n");
  for (const line of lines.filter((line) => !/ (put|run|at): /.test(line))) {
    assert(line.length <= 80, line);
  }
  assert.equal(
    lines.join(" ").replace(/ +/g, " "),
    plain.replace(/\s+/g, " "),
  );
});

Deno.test("the report has problems first, then warnings, and only counts what is fine", () => {
  // The checks come to the warning first.
  const findings = checkAll(setUpOf(without("auth-gen"), UNIT, { database: { state: "missing" } }));
  const fine = findings.length - 2;
  const lines = reportText(findings, PLAIN).split("\n");
  const starts = lines.filter((line) => /^\S/.test(line));
  assert.match(starts[0]!, /^problem {2}database /);
  assert.match(starts[1]!, /^warning {2}session_token /);
  assert.deepEqual(starts.slice(2), [
    `${fine} checks are fine; --all lists them.`,
    "1 problem, 1 warning.",
  ]);
  const all = reportText(findings, PLAIN, true).split("\n").filter((line) => /^\S/.test(line));
  assert.deepEqual(all.slice(0, 2), starts.slice(0, 2));
  assert.equal(all.filter((line) => line.startsWith("ok ")).length, fine);
  assert.equal(all.at(-1), "1 problem, 1 warning.");
  assert(!all.some((line) => line.includes("--all")));
});

Deno.test("the report shows what an option asked for, even if it is fine", () => {
  const well = ok("password", "PAM accepts exampleuser");
  assert.equal(
    reportText([ok("clock", "x"), well], PLAIN),
    "ok       password           PAM accepts exampleuser\n\n" +
      "1 check is fine; --all lists it.\n0 problems, 0 warnings.\n",
  );
  assert.equal(
    reportText([ok("clock", "x")], PLAIN),
    "1 check is fine; --all lists it.\n0 problems, 0 warnings.\n",
  );
});

Deno.test("OpenVPN's version is read from its binary", () => {
  const title = (text: string) => versionIn(new TextEncoder().encode(`\xff\0${text}\0`));
  const end = "x86_64-pc-linux-gnu [SSL (OpenSSL)]";
  assert.equal(title(`OpenVPN 2.6.14 ${end}`), "2.6.14");
  assert.equal(title(`OpenVPN 2.7_beta1 ${end}`), "2.7");
  assert.equal(title(`OpenVPN 2.7_git [git:master/12] ${end}`), "2.7");
  assert.equal(title("OpenVPN 2.6.14"), null);
  // Without bounds, this would take minutes.
  assert.equal(title(`OpenVPN 2.6${"6".repeat(200_000)}`), null);
});
