import assert from "node:assert/strict";
import { fileRulesIn } from "../../../../src/server_setup/apparmor/file_rules.ts";
import { needsOf } from "../../../../src/server_setup/apparmor/needs.ts";
import { checkApparmor } from "../../../../src/server_setup/doctor/apparmor_check.ts";
import type { ApparmorFacts } from "../../../../src/server_setup/doctor/apparmor_facts.ts";
import type { SetUp } from "../../../../src/server_setup/doctor/set_up.ts";
import { readConfig } from "../../../../src/server_setup/openvpn_config/read_config.ts";
import { readUnitFile } from "../../../../src/server_setup/systemd/unit_file.ts";
import { makeTestDirectory } from "../../../lab/program.ts";

const PROGRAM = "/usr/local/bin/openvpn-totp";
const CONFIG = "/etc/openvpn/server/server.conf";
const GOOD = `${PROGRAM} PUx,\nowner /tmp/openvpn_*.tmp rw,\n`;
const OPENVPN = "/usr/sbin/openvpn";

interface Other extends Partial<Omit<ApparmorFacts, "profile" | "loaded">> {
  rules?: string;
  mode?: string | null;
  lines?: string;
  isService?: boolean;
  openvpn?: string;
  profile?: null;
  attachments?: string[];
  /** Other profiles that the kernel has. */
  loaded?: string[];
  /** Lines of the unit. */
  unit?: string[];
}

/** What doctor says where all is well but what is given. */
function found(other: Other) {
  const { rules = GOOD, mode = "enforce", lines = "", isService = false, ...more } = other;
  const { unit, loaded = [], ...facts } = more;
  const config = readConfig(CONFIG, {
    directory: "/",
    readFile: () => new TextEncoder().encode(lines),
  });
  const setUp = {
    configPath: CONFIG,
    openvpn: { path: other.openvpn ?? OPENVPN, version: "2.7.0" },
    unit: unit === undefined ? null : {
      name: "openvpn-server@server.service",
      assignments: readUnitFile(`[Service]\n${unit.join("\n")}\n`, "/u"),
    },
    serviceSettings: isService ? { path: "/s", values: new Map(), error: null } : null,
    apparmor: {
      needs: needsOf({ programs: [PROGRAM], config, isService }),
      trouble: null,
      profile: {
        name: "openvpn",
        attachments: other.attachments ?? [OPENVPN],
        rules: fileRulesIn(rules).map((rule) => ({ ...rule, file: "/f" })),
      },
      hasFile: true,
      loaded: mode === null ? null : new Map([
        ...mode === "absent" ? [] : [["openvpn", mode] as const],
        ...loaded.map((name) => [name, "enforce"] as const),
      ]),
      denials: [],
      ...facts,
    },
  } as unknown as SetUp;
  return checkApparmor(setUp).map(({ id, ...rest }) => {
    assert.equal(id, "apparmor");
    return rest;
  });
}

const levels = (other: Other) => found(other).map(({ level }) => level);

Deno.test("AppArmor's rules are well where they let OpenVPN do what logins need", () => {
  const others: Other[] = [
    {},
    { rules: "/usr/local/bin/* PUx,\n/tmp/** rwk,\n" },
    { rules: GOOD.replace("PUx", "Px"), loaded: [PROGRAM] },
    { rules: GOOD.replace("PUx", "Px"), loaded: ["openvpn-totp"] },
    { rules: `/usr/** ix,\n${GOOD.replace("PUx", "px -> own")}`, loaded: ["own"] },
    { lines: "tmp-dir /var/vpn\n", rules: `${PROGRAM} Ux,\nowner /var/vpn/openvpn_*.tmp rw,\n` },
    { rules: "", mode: "unconfined" },
    { rules: "", openvpn: "/opt/openvpn/sbin/openvpn" },
    { rules: "", attachments: [], mode: "absent" },
    { unit: ["NoNewPrivileges=no"] },
    { unit: ["NoNewPrivileges=yes"], mode: "unconfined" },
    { profile: null, hasFile: false, mode: "absent" },
    { profile: null, hasFile: false, mode: null },
    { profile: null, mode: "unconfined" },
    {
      isService: true,
      lines: "management /run/openvpn-totp/server.sock unix\n",
      rules: "/run/openvpn-totp/*.sock rw,\n",
    },
    {
      isService: true,
      lines: "management /run/openvpn-totp/server.sock unix\n",
      rules: "/run/openvpn-totp/*.sock rw,\n",
      unit: ["NoNewPrivileges=yes"],
    },
    // The service may be asked on a port, for which it needs no file.
    { isService: true, lines: "management 127.0.0.1 7505\n", rules: "" },
  ];
  for (const other of others) assert.deepEqual(levels(other), ["ok"], JSON.stringify(other));
  assert.deepEqual(
    checkApparmor({ apparmor: null } as SetUp).map(({ level }) => level),
    ["ok"],
  );
});

Deno.test("each rule that AppArmor lacks is told, with the line and the command", () => {
  const [run, files, ...rest] = found({ rules: "" });
  assert.deepEqual(rest, []);
  assert.deepEqual(run, {
    level: "problem",
    what: `AppArmor does not let OpenVPN run ${PROGRAM}`,
    why: "every login is refused (the line belongs in /etc/apparmor.d/local/openvpn)",
    line: `${PROGRAM} PUx,`,
    command: `openvpn-totp setup --config ${CONFIG}`,
    at: null,
  });
  assert.equal(files!.what, "AppArmor does not let OpenVPN make its temporary files in /tmp");
  assert.equal(files!.line, "owner /tmp/openvpn_*.tmp rw,");
  const [kept] = found({ rules: GOOD.replace("PUx", "ix") });
  assert.equal(kept!.what, `AppArmor keeps ${PROGRAM} within OpenVPN's profile`);
  // AppArmor would not load a profile with both lines.
  assert.match(kept!.why!, /\(the line takes the place of the rule there\)$/);
  assert.deepEqual([kept!.line, kept!.at, kept!.command], [`${PROGRAM} PUx,`, "/f:1", null]);
  const [beside] = found({ rules: GOOD.replace(`${PROGRAM} PUx`, "/usr/local/bin/* ix") });
  assert.match(beside!.why!, /\(the line belongs in \S+\)$/);
  assert.equal(beside!.at, null);
  const [socket] = found({
    isService: true,
    lines: "management /run/openvpn-totp/server.sock unix\n",
  });
  assert.equal(socket!.line, "/run/openvpn-totp/server.sock rw,");
  assert.equal(socket!.command, `openvpn-totp setup --serve --config ${CONFIG}`);
});

Deno.test("how bad a rule's absence is depends on the profile's mode", () => {
  const rows: [mode: string | null, level: string, why: RegExp][] = [
    ["enforce", "problem", /^every login/],
    ["kill", "problem", /^every login/],
    ["complain", "warning", /only written to the log/],
    ["absent", "warning", /is not loaded now/],
    [null, "warning", /only root can see/],
  ];
  for (const [mode, level, why] of rows) {
    const [finding] = found({ mode, rules: "" });
    assert.equal(finding!.level, level, String(mode));
    assert.match(finding!.why!, why);
  }
});

Deno.test("a rule by which the program needs a profile of its own is a warning without one", () => {
  const rows: [rules: string, place: string, named: string, at: string | null][] = [
    [`${PROGRAM} Px,`, "Px in /f:1", `${PROGRAM} or openvpn-totp`, "/f:1"],
    ["/usr/local/bin/* rPx,", "rPx in /f:1", `${PROGRAM} or openvpn-totp`, null],
    [`/usr/** ix,\n${PROGRAM} px -> own,`, "px in /f:2", "own", "/f:2"],
  ];
  for (const [rules, place, named, at] of rows) {
    const [finding, ...rest] = found({ rules: `${rules}\nowner /tmp/openvpn_*.tmp rw,\n` });
    assert.deepEqual(rest, []);
    assert.equal(finding!.level, "warning", rules);
    assert(finding!.what.endsWith(`only in a profile of the program's own (${place})`), rules);
    assert(
      finding!.why!.startsWith(
        `every login is refused without one, and the kernel lists none named ${named} (`,
      ),
      finding!.why!,
    );
    assert.deepEqual([finding!.line, finding!.at], [`${PROGRAM} PUx,`, at]);
  }
  const [unseen] = found({ rules: GOOD.replace("PUx", "Px"), mode: null });
  assert.match(unseen!.why!, /^if .* only root can see, every login is refused without one \(/);
});

Deno.test("a profile that cannot be read, and a path that no rule can name, are warnings", () => {
  const why = `add whichever of these rules are missing to the file of OpenVPN's profile: ` +
    `${PROGRAM} PUx, owner /tmp/openvpn_*.tmp rw,`;
  const rows: [other: Other, what: RegExp, first: string][] = [
    [{ hasFile: false }, /^AppArmor's profile openvpn \(enforce\) is .* there is no \/etc/, ""],
    [
      { mode: "complain" },
      /\(complain\) is .* no profile can be read in/,
      "before you enforce it, ",
    ],
    [{ mode: null }, /^no profile can be read in \/etc\/apparmor\.d\/openvpn$/, ""],
  ];
  for (const [other, what, first] of rows) {
    const [finding] = found({ profile: null, ...other });
    assert.deepEqual([finding!.level, finding!.why], ["warning", first + why]);
    assert.match(finding!.what, what);
  }
  const [unseen] = found({ profile: null, hasFile: false, mode: null });
  assert.match(unseen!.what, /whether another file has a profile for OpenVPN, only root can see$/);
  assert.deepEqual(levels({ needs: [], trouble: "no rule can name it" }), ["warning"]);
});

Deno.test("a profile that another file has, or that the unit names, may be OpenVPN's", () => {
  const none: Other = { profile: null, hasFile: false, mode: "absent" };
  const elsewhere: Other = { attachments: ["/opt/openvpn"], mode: "absent" };
  const unit = ["AppArmorProfile=-mine"];
  const rows: [other: Other, what: RegExp][] = [
    ...["/usr/{bin,sbin}/openvpn", "/{,usr/}sbin/openvpn", "usr.sbin.openvpn", "/usr/sbin/open*"]
      .map((name): [Other, RegExp] => [
        { ...none, loaded: ["other", name] },
        /^AppArmor's profile \S+open\S+ \(enforce\) is for OpenVPN, and there is no \/etc/,
      ]),
    [
      { ...elsewhere, loaded: ["my-openvpn"] },
      /my-openvpn \(enforce\) is .*openvpn has another one$/,
    ],
    [{ ...none, unit, loaded: ["mine"] }, /profile mine \(enforce\) is for OpenVPN/],
    [{ ...none, unit }, /profile mine \(not loaded\) is for OpenVPN/],
    [{ ...none, unit, mode: null }, /profile mine \(only root can see its mode\) is/],
    [{ unit }, /profile mine \(not loaded\) is .*openvpn has another one$/],
  ];
  for (const [other, what] of rows) {
    const [finding, ...rest] = found(other);
    assert.deepEqual([finding!.level, rest], ["warning", []], String(what));
    assert.match(finding!.what, what);
  }
  const well: Other[] = [
    { ...none, loaded: ["openvpn-totp", "NetworkManager//openvpn", "notopenvpn", "openvpn2"] },
    { ...elsewhere, loaded: ["/usr/sbin/x"] },
    { unit: ["AppArmorProfile=openvpn"], attachments: [] },
    { rules: "", unit: ["AppArmorProfile=unconfined"] },
  ];
  for (const other of well) assert.deepEqual(levels(other), ["ok"], JSON.stringify(other));
  // Named by the unit, it confines whatever program that starts.
  const named = { unit: ["AppArmorProfile=openvpn"], openvpn: "/opt/openvpn", rules: "" };
  assert.deepEqual(levels(named), ["problem", "problem"]);
});

Deno.test("refusals in the log count where they are of what logins need", () => {
  const denial = (name: string, second = 1_800_000_000) => ({ second, operation: "exec", name });
  assert.deepEqual(levels({ denials: [denial("/etc/shadow"), denial("/tmp/openvpn_x")] }), ["ok"]);
  const [hostile] = found({
    denials: [denial(PROGRAM), { ...denial("/var/openvpn_acf_1.tmp"), operation: "\x1b[2J" }],
  });
  assert.equal(hostile!.level, "warning");
  assert.equal(
    hostile!.what,
    "AppArmor has refused OpenVPN 2 times since its rules were changed, last at " +
      '2027-01-15T08:00:00Z: "\\u{1b}[2J" of "/var/openvpn_acf_1.tmp"',
  );
  assert.match(hostile!.why!, /; if they were reloaded after that, this is over$/);
  assert.equal(hostile!.command, "apparmor_parser -r /etc/apparmor.d/openvpn");
  const [missing] = found({ rules: "", denials: [denial(PROGRAM)] });
  assert.match(missing!.why!, /the log says so, last at 2027-01-15T08:00:00Z/);
});

Deno.test("a profile that does not tell what it confines is taken for OpenVPN's", () => {
  for (const attachments of [[], ["@{unknown}/openvpn"], ["/x", "@{unknown}"]]) {
    for (const mode of ["enforce", null]) {
      assert.deepEqual(levels({ attachments, mode, rules: "" }).length, 2, attachments.join());
    }
  }
  assert.deepEqual(levels({ attachments: ["/x"], mode: null, rules: "" }), ["ok"]);
});

Deno.test("a unit that allows no new privileges keeps programs within the profile", () => {
  const unit = ["NoNewPrivileges=true"];
  const [finding, ...rest] = found({ unit });
  assert.deepEqual(rest, []);
  assert.equal(finding!.level, "problem");
  assert.equal(
    finding!.what,
    "NoNewPrivileges=true in the unit keeps programs within OpenVPN's profile",
  );
  assert.deepEqual([finding!.line, finding!.at], ["NoNewPrivileges=no", "/u:2"]);
  assert.deepEqual(levels({ unit, mode: "absent" }), ["warning"]);
  assert.deepEqual(levels({ unit, rules: "" }), ["problem", "problem", "problem"]);
});

Deno.test("rules that contradict each other are a problem, whatever the kernel has now", () => {
  for (const mode of ["enforce", "absent", null]) {
    const [finding] = found({ mode, rules: `${GOOD}/usr/{,local/}bin/openvpn-totp Px,\n` });
    assert.equal(finding!.level, "problem");
    assert.equal(
      finding!.what,
      `AppArmor's rules for ${PROGRAM} contradict each other (PUx in /f:1, Px in /f:3)`,
    );
    assert.equal(finding!.command, null);
  }
  const [many] = found({ rules: `${PROGRAM} Px,\n`.repeat(4_000) + GOOD });
  assert(many!.what.endsWith("Px in /f:10, 3991 more)"), many!.what);
});

Deno.test("a rule that forbids what is needed is named, since no other one helps", () => {
  const findings = found({ rules: `${GOOD}deny /usr/local/** x,\ndeny /tmp/** w,\n` });
  assert.deepEqual(findings.map(({ why, line, command }) => [why, line, command]), [
    [
      'every login is refused: remove "deny /usr/local/**" in /f:3, which overrides every other ' +
      "rule",
      null,
      null,
    ],
    [
      'every login is refused: remove "deny /tmp/**" in /f:4, which overrides every other rule',
      null,
      null,
    ],
  ]);
});

Deno.test("a socket's path has no links in it, as AppArmor sees it", async () => {
  await using directory = await makeTestDirectory();
  const real = `${await Deno.realPath(directory.path)}/real`;
  await Deno.mkdir(real);
  await Deno.symlink(real, `${directory.path}/link`);
  for (const below of ["", "/not/there"]) {
    const [finding] = found({
      isService: true,
      lines: `management ${directory.path}/link${below}/x.sock unix\n`,
    });
    assert.equal(finding!.line, `${real}${below}/x.sock rw,`);
  }
});
