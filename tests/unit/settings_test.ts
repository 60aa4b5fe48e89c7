import assert from "node:assert/strict";
import { Failure } from "../../src/core/failure.ts";
import {
  checkSetting,
  readEachSetting,
  readSetting,
  readSettings,
  requireSettings,
  SETTINGS,
} from "../../src/settings.ts";

const none = () => undefined;

Deno.test("readSettings returns the guide's defaults", () => {
  assert.deepEqual(readSettings(none), {
    challengeTimeoutSeconds: 300,
    challengeText: "Please enter your TOTP code",
    database: { engine: "sqlite", path: "/var/lib/openvpn-totp/token_index.sqlite3" },
    pamService: null,
    pamTimeoutSeconds: 15,
    driftSteps: 1,
    challengeMethods: ["crtext", "static", "dynamic"],
    appendPosition: "suffix",
    bindAddress: true,
    commonName: "any",
    unenrolled: "deny",
    keyFile: "/etc/openvpn-totp/key",
    primaryAuth: "pam",
    audit: { maxDays: 90, maxRows: 100_000 },
    lockout: { maxFailures: 5, lockoutSeconds: 60 },
    throttle: { freeFailures: 3, maxWaitSeconds: 300 },
    log: "stderr",
    issuerName: "OpenVPN Server",
  });
  assert.equal(readSetting(SETTINGS.issuerName, none), "OpenVPN Server");
});

const CASES: Record<
  keyof typeof SETTINGS,
  { good: string[]; bad: string[] }
> = {
  database: {
    good: [
      "postgres://u@h/d",
      "postgresql://u@h:5433/d?passfile=/p",
      "postgres://u@/d?host=/run/pg",
    ],
    bad: [
      "",
      "postgres://h/d",
      "postgres://u:secret@h/d",
      "mysql://u@h/d",
      "/file",
      "x".repeat(3000),
    ],
  },
  databaseTimeoutSeconds: { good: ["1", "5", "60"], bad: ["0", "61", "", "1s"] },
  challengeTimeout: {
    good: ["1", "300", "86400", "0042"],
    bad: ["0", "-1", "abc", "86401", "1.5", "1e2", " 1", "", "0x10", "٣"],
  },
  challengeText: {
    good: ["x", "é".repeat(117), 'say "hi": 1,2\\3'],
    bad: [
      "",
      "  ",
      "two\nlines",
      "tab\there",
      "é".repeat(118),
      "x".repeat(235),
      "\u2028x",
      "x".repeat(10_000_000),
    ],
  },
  challengeMethods: {
    good: ["crtext", "crtext,static,dynamic", "append, dynamic", "static"],
    bad: ["", "crtext,", "crtext,crtext", "dynamic,append", "totp", "CRTEXT"],
  },
  appendPosition: { good: ["suffix", "prefix"], bad: ["", "end"] },
  bindAddress: { good: ["yes", "no"], bad: ["", "true", "1"] },
  commonName: {
    good: ["any", "same", "same-ignoring-case"],
    bad: ["", "Same", "yes", "same "],
  },
  unenrolled: { good: ["deny", "allow"], bad: ["", "yes"] },
  tokenDbPath: {
    good: ["/x", "/a b/c?d#e%20.db"],
    bad: [
      "",
      "relative",
      ":memory:",
      "file:/x",
      "/dir/",
      "/x\0y",
      `/${"x".repeat(500)}`,
    ],
  },
  keyFile: {
    good: ["/x", "/a b/c?d#e%20.db"],
    bad: [
      "",
      "relative",
      ":memory:",
      "file:/x",
      "/dir/",
      "/x\0y",
      `/${"x".repeat(500)}`,
    ],
  },
  primaryAuth: { good: ["pam", "external"], bad: ["", "PAM", "none"] },
  auditDays: { good: ["1", "90", "3650"], bad: ["0", "3651", "x", ""] },
  auditRows: {
    good: ["100", "100000", "10000000"],
    bad: ["0", "99", "10000001", "x", ""],
  },
  issuerName: {
    good: ["Example VPN", "Müller & Söhne"],
    bad: ["", "a:b", "x\ny", "x".repeat(129)],
  },
  pamService: {
    good: ["openvpn", "common-auth", "my.vpn_2"],
    bad: ["", "../passwd", "/etc/pam.d/login", "a b", ".hidden", "-x"],
  },
  pamTimeoutSeconds: {
    good: ["1", "15", "300"],
    bad: ["0", "301", "-1", "1.5", "x", ""],
  },
  driftSteps: { good: ["0", "1", "10"], bad: ["-1", "11", "one", ""] },
  maxFailures: { good: ["1", "5", "100"], bad: ["0", "101", "five", ""] },
  lockoutSeconds: { good: ["1", "60", "3600"], bad: ["0", "3601", "-1", ""] },
  freePasswords: { good: ["1", "3", "100"], bad: ["0", "101", "-1", ""] },
  maxWaitSeconds: { good: ["1", "300", "600"], bad: ["0", "601", "x", ""] },
  log: {
    good: ["stderr", "syslog", "/var/log/openvpn-totp.log"],
    bad: ["", "stdout", "log.txt", "/dir/"],
  },
};

for (const [key, { good, bad }] of Object.entries(CASES)) {
  const setting = SETTINGS[key as keyof typeof SETTINGS];
  Deno.test(`${setting.name} takes what it allows`, () => {
    for (const text of [...good, ...bad]) {
      const isTaken = setting.parse(text) !== undefined;
      assert.equal(isTaken, good.includes(text), text.slice(0, 50));
    }
  });

  Deno.test(`${setting.name}'s errors name setting, value and what is allowed`, () => {
    for (const text of bad) {
      assert.throws(
        () => readSetting<unknown>(setting, () => text),
        (error) => {
          assert(error instanceof Failure);
          assert.equal(error.code, "bad_setting");
          assert(error.message.startsWith(`${setting.name} is ${setting.objection ? "" : '"'}`));
          assert(error.message.endsWith(`${setting.allowed}`));
          assert(error.message.length < 600);
          assert.doesNotMatch(error.message, /\p{Cc}/u);
          return true;
        },
      );
    }
  });
}

Deno.test("checkSetting names the option that a value came from", () => {
  assert.throws(
    () => checkSetting(SETTINGS.tokenDbPath, "--db", "x"),
    /^Failure: --db is "x", expected an absolute path/,
  );
});

Deno.test("readEachSetting returns the valid settings and the first failure, and reads each once", () => {
  const reads = new Map<string, number>();
  const values: Record<string, string> = {
    totpDriftSteps: "many",
    totpMaxFailures: "none",
    totpLog: "syslog",
    totpTokenDbPath: "/var/lib/x/db",
  };
  const { good, failure } = readEachSetting((name) => {
    reads.set(name, (reads.get(name) ?? 0) + 1);
    if (name === "totpChallengeText") throw new Error("not UTF-8");
    return values[name];
  });
  assert.equal(failure?.code, "bad_setting");
  assert.equal(good.log, "syslog");
  assert.deepEqual(good.database, { engine: "sqlite", path: "/var/lib/x/db" });
  assert.deepEqual(good.audit, { maxDays: 90, maxRows: 100_000 });
  for (const name of ["driftSteps", "lockout", "challengeText"] as const) {
    assert.equal(good[name], undefined, name);
  }
  assert.throws(() => requireSettings({ good, failure }), failure);
  assert.deepEqual(new Set(reads.values()), new Set([1]));
});
