import assert from "node:assert/strict";
import fc from "fast-check";
import { fileURLToPath } from "node:url";
import { type Field, logfmt } from "../../src/text/logfmt.ts";
import { type Reason, REASONS } from "../../src/core/verdict.ts";
import { mustRun } from "../lab/command.ts";
import { HOSTILE_NAMES } from "../lab/hostile_names.ts";
import { makeTestDirectory } from "../lab/program.ts";
import { JOURNAL_WRITER, testWith } from "../lab/requirements.ts";
import { listenForSyslog } from "../lab/syslog.ts";
import { ROOT_AND_ACCOUNT, withUser } from "../lab/user.ts";

const OURS = fileURLToPath(new URL("../../fail2ban", import.meta.url));
const FILTER = `${OURS}/filter.d/openvpn-totp.conf`;

/** What the jail counts: the sender's doing, not what users, clients or the server bring about. */
const COUNTS: Record<Reason, boolean> = {
  wrong_password: true,
  too_many_failures: false,
  bad_username: true,
  bad_password: true,
  not_enrolled: true,
  user_disabled: false,
  wrong_code: true,
  codes_locked: false,
  no_challenge: true,
  challenge_mismatch: true,
  malformed_code: true,
  client_without_method: false,
  common_name_mismatch: false,
  account_refused: false,
  pam_error: false,
  busy: false,
  token_refused: false,
  challenge_answered: false,
  challenge_expired: false,
  code_used: false,
  failure: false,
};

/** A day of one digit in the month before this one: syslog's stamps have no year. */
const AT = new Date();
AT.setUTCMonth(AT.getUTCMonth() - 1, 3);
const TIME = AT.toISOString();
const SECONDS = Math.floor(AT.getTime() / 1000);
const MONTH = AT.toLocaleString("en", { month: "short", timeZone: "UTC" });
const STAMP = `${MONTH}  3 ${TIME.slice(11, 19)}`;
const ISO_STAMP = new Date(AT.getTime() + 7_200_000).toISOString()
  .replace("Z", "123+02:00");

/** What the service adds to its lines. */
const SOCKET = "/run/openvpn-totp/server.sock";

/** The forms of a line, from its fields. */
const FORMS: Record<string, (fields: Record<string, Field>) => string> = {
  file: ours,
  syslogOfStderr: (fields) => `${STAMP} host openvpn[77]: ${ours(fields)}`,
  isoSyslogOfStderr: (fields) => `${ISO_STAMP} host openvpn[77]: ${ours(fields)}`,
  syslog: (fields) => `${STAMP} host openvpn-totp[77]: ${logfmt(fields)}`,
  isoSyslog: (fields) => `${ISO_STAMP} host openvpn-totp[77]: ${logfmt(fields)}`,
  service: (fields) => ours(ofService(fields)),
  syslogOfService: (fields) => `${STAMP} host openvpn-totp[77]: ${ours(ofService(fields))}`,
};

/** The service's own field comes before the reason why a line is not where it should be. */
function ofService({ log_error, ...fields }: Record<string, Field>): Record<string, Field> {
  return { ...fields, server: SOCKET, log_error };
}

function ours(fields: Record<string, Field>): string {
  return logfmt({ time: TIME, program: "openvpn-totp", ...fields });
}

/** A failure that fail2ban finds. */
interface Found {
  address: string;
  /** In whole seconds since 1970. */
  time: number;
}

/** What the real fail2ban finds in lines, in their order. */
async function find(
  lines: readonly string[],
  timezone = "Asia/Tokyo",
): Promise<Found[]> {
  await using directory = await makeTestDirectory();
  const log = `${directory.path}/log`;
  await Deno.writeTextFile(log, lines.map((line) => `${line}\n`).join(""));
  return await findIn(log, timezone);
}

/** @param log path of a file, or what fail2ban-regex takes for a journal */
async function findIn(log: string, TZ: string): Promise<Found[]> {
  const output = await mustRun("fail2ban-regex", [
    ...["--out", "row", log, FILTER],
  ], { clearEnv: true, env: { PATH: Deno.env.get("PATH")!, LC_ALL: "C", TZ } });
  return output.split("\n").filter((row) => row !== "").map((row) => {
    const [, address, time] = row.match(/^\['([^']+)',\t([\d.]+),/) ??
      assert.fail(`not what fail2ban-regex gives for a failure: ${row}`);
    return { address: address!, time: Math.floor(Number(time)) };
  });
}

/** An address of its own for each line, IPv4 and IPv6 in turn. */
function addressOf(n: number): string {
  return n % 2 === 0 ? `203.0.113.${n}` : `2001:db8::${n.toString(16)}`;
}

const addressesOf = (found: readonly Found[]) => found.map(({ address }) => address);

testWith(
  [...ROOT_AND_ACCOUNT, "fail2ban"],
  "fail2ban finds the sender in the program's own lines, whatever names it takes",
  async () => {
    await withUser(async ({ directory, attempt }) => {
      const log = `${directory}/decisions.log`;
      using syslog = listenForSyslog(directory);
      const fromStderr: string[] = [];
      const fromSyslog: string[] = [];
      const senders: string[] = [];
      const start = Math.floor(Date.now() / 1000);
      for (const [n, name] of HOSTILE_NAMES.entries()) {
        const sender = addressOf(n);
        const play = async (totpLog: string, wrap: string[] = []) => {
          const login = await attempt({
            totpLog,
            totpFreePasswords: "100",
            common_name: name,
            [n % 2 === 0 ? "untrusted_ip" : "untrusted_ip6"]: sender,
            ...(n % 2 === 0 ? {} : { untrusted_ip: "" }),
          });
          login.wrap = wrap;
          // The same password again would be no further guess, which fail2ban does not count.
          // Of a name of two lines, OpenVPN's file makes name and password; so it is numbered, too.
          const { status, stderr } = await login.password(
            name.replace("\n", `\n${totpLog}`),
            `wrong for ${totpLog}`,
          );
          assert.equal(status, 1);
          return stderr.replace(/\n$/, "");
        };
        senders.push(sender);
        fromStderr.push(await play("stderr"));
        await play(log);
        await play("syslog", syslog.wrap);
        fromSyslog.push(
          (await syslog.nextLine("step=password"))
            .replace(/^<\d+>(\w+ [ \d]\d \S+) /, "$1 host "),
        );
      }
      const fromFile = (await Deno.readTextFile(log)).trimEnd().split("\n");
      const inJournal = fromStderr.map((line) => `Nov 23 20:21:40 host openvpn[1]: ${line}`);
      for (const lines of [fromFile, fromStderr, inJournal]) {
        assert.deepEqual(
          await find(lines),
          lines.map((line, n) => ({
            address: senders[n],
            time: Math.floor(
              Date.parse(line.match(/time=(\S+)/)![1]!) / 1000,
            ),
          })),
        );
      }
      const found = await find(fromSyslog, "UTC");
      assert.deepEqual(addressesOf(found), senders);
      for (const { time } of found) {
        assert(start <= time && time <= Date.now() / 1000, String(time));
      }
    });
  },
);

testWith(
  ["fail2ban"],
  "fail2ban counts the reasons that are the sender's doing, and no others",
  async () => {
    const outcomes: Record<string, Field>[] = [
      ...Object.keys(REASONS).map((reason) => ({ outcome: "refused", reason })),
      { outcome: "challenged" },
      { outcome: "accepted", by: "code" },
      { outcome: "accepted", by: "token" },
      { outcome: "unchanged", reason: "challenge_answered" },
    ];
    for (const form of Object.values(FORMS)) {
      const expected: Found[] = [];
      const lines = outcomes.map(({ outcome, ...rest }, n) => {
        const address = addressOf(n);
        if (COUNTS[rest.reason as Reason]) {
          expected.push({ address, time: SECONDS });
        }
        return form({ step: "code", outcome, ...rest, user: "a", address });
      });
      assert.deepEqual(await find(lines, "UTC"), expected);
    }
  },
);

testWith(
  ["fail2ban"],
  "fail2ban finds the sender whatever stands in the other fields",
  async () => {
    const text = fc.oneof(
      fc.constantFrom(...HOSTILE_NAMES),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.array(
        fc.constantFrom(
          ..."\"\\ =\n\u2028x'",
          " address=192.0.2.99",
          ' detail="',
          "… (300 characters)",
          "\\u{a}",
        ),
      ).map((parts) => parts.join("")),
    );
    const optional = fc.option(text, { nil: undefined });
    const hex = fc.nat(0xffff).map((group) => group.toString(16));
    const ipv6 = fc.array(fc.oneof(fc.constant("0"), hex), {
      minLength: 8,
      maxLength: 8,
    }).map((groups) => new URL(`http://[2001:${groups.slice(1).join(":")}]`))
      .map(({ hostname }) => hostname.slice(1, -1));
    const fields = fc.record({
      step: fc.constantFrom("password", "code"),
      outcome: fc.constant("refused"),
      reason: fc.constantFrom("wrong_password", "wrong_code"),
      user: optional,
      address: fc.oneof(fc.ipV4(), ipv6),
      port: fc.option(fc.nat(65535), { nil: undefined }),
      common_name: optional,
      detail: optional,
      warning: optional,
      log_error: optional,
    });
    const seed = Date.now();
    const samples = fc.sample(fields, { seed, numRuns: 300 });
    const pairs = HOSTILE_NAMES.flatMap((user, n) =>
      HOSTILE_NAMES.map((common_name) => ({
        step: "password",
        outcome: "refused",
        reason: "wrong_password",
        user,
        address: addressOf(n),
        common_name,
      }))
    );
    const all = [...samples, ...pairs];
    for (const form of Object.values(FORMS)) {
      assert.deepEqual(
        await find(all.map(form), "UTC"),
        all.map(({ address }) => ({ address, time: SECONDS })),
        `seed ${seed}`,
      );
    }
  },
);

testWith(
  ["fail2ban"],
  "fail2ban reads an address with a zone, and IPv4 inside IPv6",
  async () => {
    const lines = ["fe80::1%eth0", "::ffff:203.0.113.1", "::1"].map((address) =>
      ours({
        step: "code",
        outcome: "refused",
        reason: "wrong_code",
        address,
        port: 1,
      })
    );
    const found = ["fe80::1", "203.0.113.1", "::1"];
    assert.deepEqual(addressesOf(await find(lines)), found);
  },
);

testWith(
  ["fail2ban"],
  "fail2ban finds nothing where OpenVPN repeats a client's words",
  async () => {
    // OpenVPN takes control characters out, and no common name over 64 characters.
    const words = HOSTILE_NAMES.map((name) => Array.from(name).filter((c) => c >= " ").join(""));
    const lines = words.flatMap((word) => [
      `192.0.2.1:4000 TLS: Username/Password authentication failed for username '${word}' `,
      `192.0.2.1:4000 TLS: Username/Password authentication deferred for username '${word}' [CN SET]`,
      `192.0.2.1:4000 peer info: IV_GUI_VER=${word}`,
      `192.0.2.1:4000 VERIFY OK: depth=0, CN=${word}`,
      `192.0.2.1:4000 [${word}] Peer Connection Initiated with [AF_INET]192.0.2.1:4000`,
      `${word.slice(0, 64)}/192.0.2.1:4000 peer info: UV_X=a"`,
    ]);
    const forms = [
      (line: string) => line,
      (line: string) => `2026-11-23 20:21:40 ${line}`,
      (line: string) => `Nov 23 20:21:40 host openvpn[77]: ${line}`,
      (line: string) => `2026-11-23T20:21:40.1Z host openvpn[77]: ${line}`,
      // What fail2ban makes of the journal.
      (line: string) => `host openvpn[77]: ${line}`,
    ];
    const all = forms.flatMap((form) => lines.map(form));
    assert.deepEqual(await find(all), []);
    // Nor does it take them for the beginning of ours, or ours for theirs.
    const our = ours({
      step: "code",
      outcome: "refused",
      reason: "wrong_code",
      address: "203.0.113.1",
    });
    assert.deepEqual(
      addressesOf(await find(all.flatMap((line) => [line, our]))),
      all.map(() => "203.0.113.1"),
    );
  },
);

testWith(
  ["fail2ban"],
  "fail2ban passes over lines that only look like the program's",
  async () => {
    const fields = {
      step: "code",
      outcome: "refused",
      reason: "wrong_code",
      address: "192.0.2.99",
    };
    const lines = [
      ` ${ours(fields)}`,
      `x ${ours(fields)}`,
      `${ours(fields)} x`,
      `${ours(fields)} address=192.0.2.98`,
      ours({ ...fields, address: undefined, user: "address=192.0.2.99" }),
      ours({ ...fields, address: undefined, detail: "x address=192.0.2.99" }),
      ours({ ...fields, address: "192.0.2.99 " }),
      ours({ ...fields, address: "localhost" }),
      ours({ ...fields, outcome: "accepted" }),
      ours(fields).replace("step=", 'user="x step='),
      ours({ ...fields, address: "" }) + "192.0.2.99",
      logfmt(fields),
      `Nov 23 20:21:40 host openvpn[1]: ${logfmt(fields)}`,
      `Nov 23 20:21:40 host sshd[1]: ${ours(fields)}`,
      `Nov 23 20:21:40 host sshd[1]: x openvpn-totp[1]: ${logfmt(fields)}`,
      `Nov 23 20:21:40 host my-openvpn-totp[1]: ${logfmt(fields)}`,
    ];
    assert.deepEqual(await find(lines), []);
  },
);

testWith(
  ["fail2ban", "journal"],
  "fail2ban reads the journal, and there takes root's processes' word alone",
  async () => {
    await using directory = await makeTestDirectory();
    const fields = { step: "code", outcome: "refused", reason: "wrong_code" };
    const entry = (
      n: number,
      SYSLOG_IDENTIFIER: string,
      _UID: number,
      MESSAGE: string,
    ) =>
      Object.entries({
        __REALTIME_TIMESTAMP: (SECONDS + n) * 1e6,
        __MONOTONIC_TIMESTAMP: n,
        _BOOT_ID: "a".repeat(32),
        _HOSTNAME: "host",
        _PID: 77,
        SYSLOG_IDENTIFIER,
        _UID,
        MESSAGE,
      }).map(([name, value]) => `${name}=${value}\n`).join("");
    const entries = HOSTILE_NAMES.flatMap((user, n) => {
      const sender = { ...fields, user, address: addressOf(n) };
      const other = { ...fields, user, address: "192.0.2.99" };
      return [
        entry(n, "openvpn", 0, ours(sender)),
        entry(n, "openvpn-totp", 0, logfmt(sender)),
        entry(n, "openvpn", 1000, ours(other)),
        entry(n, "openvpn-totp", 1000, logfmt(other)),
        entry(n, "other", 0, ours(other)),
        entry(n, "openvpn", 0, `192.0.2.1:4000 ${ours(other)}`),
      ];
    });
    const journal = `${directory.path}/test.journal`;
    await mustRun(JOURNAL_WRITER, ["-o", journal, "-"], {
      stdin: entries.map((entry) => `${entry}\n`).join(""),
    });
    assert.deepEqual(
      await findIn(`systemd-journal[journalfiles=${journal}]`, "Asia/Tokyo"),
      HOSTILE_NAMES.flatMap((_, n) => {
        const found = { address: addressOf(n), time: SECONDS + n };
        return [found, found];
      }),
    );
  },
);

testWith(
  ["fail2ban"],
  "fail2ban takes the jail as it is, for UDP and TCP",
  async () => {
    await using directory = await makeTestDirectory();
    const config = `${directory.path}/fail2ban`;
    await mustRun("cp", ["-r", "/etc/fail2ban", config]);
    await mustRun("cp", ["-r", `${OURS}/filter.d`, `${OURS}/jail.d`, config]);
    const dump = await mustRun("fail2ban-client", ["-c", config, "-d"]);
    assert.match(dump, /'add', 'openvpn-totp', 'systemd'/);
    assert.match(dump, /'start', 'openvpn-totp'/);
    for (const protocol of ["udp", "tcp"]) {
      assert(dump.includes(`'openvpn-totp-${protocol}'`), protocol);
      assert(dump.includes(`['protocol', '${protocol}']`), protocol);
    }
    assert.match(dump, /\['port', '1194'\]/);
  },
);
